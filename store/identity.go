package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
)

const (
	identityName = "identity.json"

	// epochBits: events of one start are numbered within 2^32, and all numbers stay below 2^53 (protocol.md 2).
	epochBits = 32
	epochMax  = 1<<(53-epochBits) - 1

	// sdkAppIDs are ten digits, 1400000000 and up, as those of the API that clients know.
	sdkAppIDFirst, sdkAppIDCount = 1_400_000_000, 100_000_000
)

// identity is who this engine is. It is kept twice, in the database and in a small file beside it: numbers told to
// clients must not come again when the database is damaged and begun anew.
type identity struct {
	CompanyID string `json:"companyId"` // 32 hex digits
	SDKAppID  int64  `json:"sdkAppId"`
	Epoch     uint64 `json:"epoch"` // starts so far
}

// loadIdentity joins what the two places hold: ids of the database first, and the later epoch. What is missing is made.
func loadIdentity(ctx context.Context, conn *sql.Conn, dir string) (identity, error) {
	id, err := identityOf(ctx, conn)
	if err != nil {
		return id, fmt.Errorf("the engine's identity cannot be read: %w", err)
	}
	var copied identity
	if text, err := os.ReadFile(filepath.Join(dir, identityName)); err == nil {
		_ = json.Unmarshal(text, &copied) // a damaged copy is written anew below
	}
	if id.CompanyID == "" {
		id.CompanyID = copied.CompanyID
	}
	if id.SDKAppID == 0 {
		id.SDKAppID = copied.SDKAppID
	}
	id.Epoch = max(id.Epoch, copied.Epoch)
	return id, id.complete()
}

func identityOf(ctx context.Context, conn *sql.Conn) (id identity, err error) {
	rows, err := conn.QueryContext(ctx, "SELECT key, value FROM identity")
	if err != nil {
		return id, err
	}
	defer rows.Close()
	for rows.Next() {
		var key, value string
		if err := rows.Scan(&key, &value); err != nil {
			return id, err
		}
		switch key {
		case "company_id":
			id.CompanyID = value
		case "sdk_app_id":
			id.SDKAppID, err = strconv.ParseInt(value, 10, 64)
		case "epoch":
			id.Epoch, err = strconv.ParseUint(value, 10, 64)
		}
		if err != nil {
			return id, &damageError{fmt.Sprintf("%s of the engine's identity is not a number: %v", key, err)}
		}
	}
	return id, rows.Err()
}

func (id *identity) complete() error {
	if id.CompanyID == "" {
		var random [16]byte
		_, _ = rand.Read(random[:]) // never fails: crypto/rand ends the process first
		id.CompanyID = hex.EncodeToString(random[:])
	}
	if id.SDKAppID == 0 {
		random, err := rand.Int(rand.Reader, big.NewInt(sdkAppIDCount))
		if err != nil {
			return err
		}
		id.SDKAppID = sdkAppIDFirst + random.Int64()
	}
	return nil
}

// keep writes the identity to both places; it is durable when one of them has it.
func (id identity) keep(ctx context.Context, conn *sql.Conn, dir string) error {
	fileErr := id.keepFile(dir)
	dbErr := errors.New("the database is out of order")
	if conn != nil {
		dbErr = id.keepRow(ctx, conn)
	}
	if fileErr != nil && dbErr != nil {
		return fmt.Errorf("the engine's identity cannot be kept in data-dir: %w", errors.Join(fileErr, dbErr))
	}
	return nil
}

func (id identity) keepRow(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, `INSERT INTO identity (key, value)
		VALUES ('company_id', ?), ('sdk_app_id', ?), ('epoch', ?)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
		id.CompanyID, strconv.FormatInt(id.SDKAppID, 10), strconv.FormatUint(id.Epoch, 10))
	return err
}

// keepFile replaces the file in one step, so that a crash leaves the old one or the new one.
func (id identity) keepFile(dir string) (err error) {
	text, err := json.Marshal(id)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, identityName)
	file, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return err
	}
	_, err = file.Write(append(text, '\n'))
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncDir(dir)
}

// next counts one more start.
func (id identity) next() (identity, error) {
	if id.Epoch >= epochMax {
		return id, fmt.Errorf("the engine was started %d times and has no event numbers left below 2^53: "+
			"set data-dir to a new directory, after which clients must not resume from old numbers", id.Epoch)
	}
	id.Epoch++
	return id, nil
}

// CompanyID is the company that calls belong to: the setting, or 32 hex digits made at the first start and kept.
func (s *Store) CompanyID() string {
	if s.options.CompanyID != "" {
		return s.options.CompanyID
	}
	return s.identity.Load().CompanyID
}

// SDKAppID is the number by which programs of the management API name this engine: the setting, or one made at the
// first start and kept.
func (s *Store) SDKAppID() int64 {
	if s.options.SDKAppID != 0 {
		return s.options.SDKAppID
	}
	return s.identity.Load().SDKAppID
}

// NextEpoch gives the engine the number before its first event's: a multiple of 2^32 that no earlier start was given,
// below 2^53 and durable before it returns (protocol.md 2). To be called once a start.
func (s *Store) NextEpoch() (seqStart uint64, err error) {
	doErr := s.do(func(w *writer) {
		var id identity
		if id, err = s.identity.Load().next(); err == nil {
			err = s.keepIdentity(w.db, id)
		}
		seqStart = id.Epoch << epochBits
	})
	if err = errors.Join(doErr, err); err != nil {
		return 0, err
	}
	return seqStart, nil
}

// Reached tells the store how far the engine's numbering has come. A start that lives for more than 2^31 events takes
// the next start's numbers too, before it uses them. It waits for the disk at most once in 2^32 events; to be called
// from time to time, not by the engine's loop.
func (s *Store) Reached(seq uint64) (err error) {
	ahead := (seq + 1<<(epochBits-1)) >> epochBits
	if ahead <= s.identity.Load().Epoch {
		return nil
	}
	doErr := s.do(func(w *writer) {
		id := *s.identity.Load()
		id.Epoch = max(id.Epoch, ahead)
		err = s.keepIdentity(w.db, id)
	})
	return errors.Join(doErr, err)
}

func (s *Store) keepIdentity(db *database, id identity) error {
	var conn *sql.Conn
	if db != nil {
		conn = db.conn
	}
	if err := id.keep(context.Background(), conn, s.options.Dir); err != nil {
		return err
	}
	s.identity.Store(&id)
	return nil
}
