package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

//go:embed migrations/*.sql
var embedded embed.FS

// migration makes version number out of the version before it.
type migration struct {
	number int
	name   string
	sql    string
}

// loadMigrations reads NNN_what.sql files, which must be numbered 1, 2, ... without a hole.
func loadMigrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	list := make([]migration, 0, len(names))
	for i, name := range names { // Glob sorts
		digits, _, _ := strings.Cut(path.Base(name), "_")
		number, err := strconv.Atoi(digits)
		if err != nil || number != i+1 {
			return nil, fmt.Errorf("migration %s: want number %03d", name, i+1)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		list = append(list, migration{number, path.Base(name), string(text)})
	}
	return list, nil
}

// newerError says that the database was written by a later version of the module.
type newerError struct {
	path        string
	have, known int
}

func (e *newerError) Error() string {
	return fmt.Sprintf("database %s has version %d and this module knows versions up to %d: "+
		"install the module that wrote it, or set data-dir to another directory", e.path, e.have, e.known)
}

// migrate brings the database from version to the newest, each step in its own transaction. A database that holds an
// older version is copied first.
func migrate(ctx context.Context, conn *sql.Conn, config *databaseConfig, version int) error {
	newest := len(config.migrations)
	if version > 0 && version < newest {
		stamp := time.Now().UTC().Format(stampLayout)
		copied, err := backup(ctx, conn, fmt.Sprintf("%s.v%d-%s", config.path, version, stamp))
		if err != nil {
			return fmt.Errorf("it cannot be copied before it is upgraded from version %d to %d; make room beside it: %w",
				version, newest, err)
		}
		config.log.Info("the database is upgraded; the old one is kept as a copy",
			"database", config.path, "from", version, "to", newest, "copy", copied)
	}
	for _, m := range config.migrations[version:] {
		if err := m.apply(ctx, conn); err != nil {
			return fmt.Errorf("migration %s failed, it stays at version %d: %w", m.name, m.number-1, err)
		}
	}
	return nil
}

func (m *migration) apply(ctx context.Context, conn *sql.Conn) error {
	script := fmt.Sprintf("BEGIN IMMEDIATE;\n%s\n;PRAGMA user_version = %d;\nCOMMIT;", m.sql, m.number)
	if _, err := conn.ExecContext(ctx, script); err != nil {
		_, rollbackErr := conn.ExecContext(ctx, "ROLLBACK")
		return errors.Join(err, notInTransaction(rollbackErr))
	}
	return nil
}

// notInTransaction forgives a rollback that came too late: SQLite has already rolled back by itself.
func notInTransaction(err error) error {
	if err != nil && strings.Contains(err.Error(), "no transaction is active") {
		return nil
	}
	return err
}

// backup writes a copy of the database to path, which must not exist, and makes it durable.
func backup(ctx context.Context, conn *sql.Conn, path string) (string, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return "", err
	}
	defer file.Close()
	if _, err = conn.ExecContext(ctx, "VACUUM INTO ?", path); err == nil {
		err = errors.Join(file.Sync(), syncDir(filepath.Dir(path)))
	}
	if err != nil {
		os.Remove(path)
		return "", err
	}
	return path, nil
}
