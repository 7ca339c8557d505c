package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/mattn/go-sqlite3"

	"modcti/engine"
)

const (
	dirMode  = 0o750
	fileMode = 0o640

	checkTime = 500 * time.Millisecond // how long a start may look for damage

	// writerPragmas: keys are random, so rows of a few minutes' calls lie in many pages, which 8 MiB hold; a checkpoint
	// every 16 MiB writes each of them once; after a burst the WAL shrinks to 64 MiB.
	writerPragmas = "PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 4096; PRAGMA journal_size_limit = 67108864"
)

// databaseConfig is how a database is opened.
type databaseConfig struct {
	path       string
	full       bool // every commit is flushed to the device
	busyMillis int  // how long a statement waits for another process's lock
	check      time.Duration
	migrations []migration
	log        *slog.Logger
}

// database is the one writer of cti.db, and its readers. The file must never be opened by other means in this process:
// closing any descriptor of it would drop the locks that SQLite holds on it.
type database struct {
	config  *databaseConfig
	pool    *sql.DB   // the writer's, one connection
	conn    *sql.Conn // that connection
	readers *sql.DB
	file    os.FileInfo // the file as it was opened

	begin, commit, rollback *statement
	writes                  [engine.AgentChanged + 1]*statement // by record kind
	logAgent                *statement                          // beside AgentChanged
	endStays, endOffers     *statement                          // beside CallClosed
}

// openDatabase opens cti.db, creates it, or brings it to the newest version. A file that is damaged, as it shows now or
// as damage says already, is set aside and a new one begun: aside is then its new name.
func openDatabase(config *databaseConfig, damage error) (d *database, aside string, err error) {
	if damage == nil {
		if d, err = connect(config); !isDamage(err) {
			return d, "", err
		}
		damage = err
	}
	if aside, err = setAside(config.path); err != nil {
		return nil, "", fmt.Errorf("database %s is damaged (%w) and cannot be set aside: %w", config.path, damage, err)
	}
	config.log.Error("the database was damaged: it is set aside and a new one is begun; "+
		"recover what it holds with the sqlite3 tool's .recover", "database", config.path, "damage", damage, "aside", aside)
	d, err = connect(config)
	return d, aside, err
}

func connect(config *databaseConfig) (*database, error) {
	ctx := context.Background()
	if err := createFile(config.path); err != nil {
		return nil, fmt.Errorf("database %s cannot be created: %w", config.path, err)
	}
	d := &database{config: config}
	err := d.open(ctx)
	if err == nil {
		err = d.prepare()
	}
	if err != nil {
		d.close()
		if newer := (*newerError)(nil); errors.As(err, &newer) {
			return nil, err
		}
		return nil, fmt.Errorf("database %s cannot be used%s: %w", config.path, advice(err), err)
	}
	return d, nil
}

// createFile makes an empty database with our mode, which SQLite gives to the files beside it.
func createFile(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), syncDir(filepath.Dir(path)))
}

func (d *database) open(ctx context.Context) (err error) {
	if d.pool, err = sql.Open("sqlite3", d.dsn("_journal_mode=WAL&_mutex=no&_synchronous="+d.synchronous())); err != nil {
		return err
	}
	d.pool.SetMaxOpenConns(1)
	if d.conn, err = d.pool.Conn(ctx); err != nil {
		return err
	}
	if d.file, err = os.Stat(d.config.path); err != nil {
		return err
	}
	if err := migrateChecked(ctx, d.conn, d.config); err != nil {
		return err
	}
	if _, err := d.conn.ExecContext(ctx, writerPragmas); err != nil {
		return err
	}
	if d.readers, err = sql.Open("sqlite3", d.dsn("mode=ro&_query_only=1")); err != nil {
		return err
	}
	d.readers.SetMaxOpenConns(4)
	return nil
}

// migrateChecked refuses a newer version before it looks for damage: what a later module wrote is never set aside.
func migrateChecked(ctx context.Context, conn *sql.Conn, config *databaseConfig) error {
	var version int
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > len(config.migrations) {
		return &newerError{config.path, version, len(config.migrations)}
	}
	if err := check(ctx, conn, config.check); err != nil {
		return err
	}
	return migrate(ctx, conn, config, version)
}

// check looks for damage for a bounded time: a start must not wait for gigabytes to be read. What it does not reach is
// found when it is used.
func check(ctx context.Context, conn *sql.Conn, atMost time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	var verdict string
	err := conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict)
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return err
	case verdict != "ok":
		return &damageError{verdict}
	}
	return nil
}

func (d *database) dsn(parameters string) string {
	name := url.URL{Path: d.config.path}
	return fmt.Sprintf("file:%s?_busy_timeout=%d&%s", name.EscapedPath(), d.config.busyMillis, parameters)
}

func (d *database) synchronous() string {
	if d.config.full {
		return "FULL"
	}
	return "NORMAL"
}

// careful makes the next commits as durable as they can be, whatever the setting, until it is called with false.
func (d *database) careful(on bool) error {
	mode := d.synchronous()
	if on {
		mode = "FULL"
	}
	_, err := d.conn.ExecContext(context.Background(), "PRAGMA synchronous = "+mode)
	return err
}

// moved tells that the path no longer names the file that is open.
func (d *database) moved() error {
	now, err := os.Stat(d.config.path)
	if err != nil {
		return fmt.Errorf("database %s is gone: %w", d.config.path, err)
	}
	if !os.SameFile(now, d.file) {
		return fmt.Errorf("database %s was replaced by another file", d.config.path)
	}
	return nil
}

// checkpoint writes the WAL into the database, as far as foreign readers let it.
func (d *database) checkpoint() error {
	var busy, frames, done int
	row := d.conn.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)")
	if err := row.Scan(&busy, &frames, &done); err != nil {
		return err
	}
	if busy != 0 {
		return fmt.Errorf("another process reads the database: %d of %d pages were written", done, frames)
	}
	return nil
}

// close ends all connections; the last one to close checkpoints the WAL into the database.
func (d *database) close() error {
	var errs []error
	if d.readers != nil {
		errs = append(errs, d.readers.Close())
	}
	for _, s := range d.statements() {
		errs = append(errs, s.stmt.Close())
	}
	if d.conn != nil {
		errs = append(errs, d.conn.Close())
	}
	if d.pool != nil {
		errs = append(errs, d.pool.Close())
	}
	return errors.Join(errs...)
}

const stampLayout = "20060102T150405.000Z"

// setAside renames a damaged database and the files beside it, so that the sqlite3 tool can still open the lot.
func setAside(path string) (string, error) {
	aside := path + ".damaged-" + time.Now().UTC().Format(stampLayout)
	if _, err := os.Lstat(aside); err == nil {
		return "", fmt.Errorf("%s exists already", aside)
	}
	for _, suffix := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	return aside, syncDir(filepath.Dir(path))
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	file, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// damageError is what SQLite's own check found.
type damageError struct{ verdict string }

func (e *damageError) Error() string { return e.verdict }

// isDamage tells that the file's content is wrong, so that waiting will not help.
func isDamage(err error) bool {
	if damage := (*damageError)(nil); errors.As(err, &damage) {
		return true
	}
	code := sqliteCode(err)
	return code == sqlite3.ErrCorrupt || code == sqlite3.ErrNotADB
}

// isRecordFault tells that one record is refused by the database, and would be again.
func isRecordFault(err error) bool {
	switch sqliteCode(err) {
	case sqlite3.ErrConstraint, sqlite3.ErrMismatch, sqlite3.ErrTooBig, sqlite3.ErrRange:
		return true
	}
	return errors.Is(err, errUnknownKind)
}

// keepsConnection tells that a connection is as good as before although a group failed: it had to wait or had no room.
func keepsConnection(err error) bool {
	switch sqliteCode(err) {
	case sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrFull:
		return true
	}
	return false
}

func sqliteCode(err error) sqlite3.ErrNo {
	if e := (sqlite3.Error{}); errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// advice says what to do about an error of SQLite.
func advice(err error) string {
	switch sqliteCode(err) {
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return "; another process holds it locked, end that process"
	case sqlite3.ErrFull:
		return "; the disk is full, make room"
	case sqlite3.ErrIoErr:
		return "; the disk is full or failing: make room, or see the system's log"
	case sqlite3.ErrReadonly, sqlite3.ErrCantOpen, sqlite3.ErrPerm, sqlite3.ErrAuth:
		return "; let the switch's user write it and its directory"
	}
	return ""
}
