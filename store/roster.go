package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"modcti/engine"
)

// ErrNoSuch says that the directory holds nothing of that name.
var ErrNoSuch = errors.New("not in the directory")

// Directory reads who works in the call center and for what.
func (s *Store) Directory() (*Directory, error) {
	tx, err := s.read()
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() //nolint:errcheck // a read has nothing to lose
	d, err := readDirectory(tx)
	if err != nil {
		return nil, fmt.Errorf("the directory cannot be read: %w", err)
	}
	return d, nil
}

// Seed puts d into the store if nobody and nothing is there yet. Such changes are durable when they return, and happen
// whole or not at all; while SQLite is out of order they fail.
func (s *Store) Seed(d *Directory) (seeded bool, err error) {
	if d.Empty() {
		return false, nil
	}
	err = s.change(func(tx *sql.Tx) error {
		have, err := readDirectory(tx)
		if err != nil || !have.Empty() {
			return err
		}
		seeded = true
		return putDirectory(tx, d)
	})
	return seeded && err == nil, err
}

// Merge puts all of d over what is there: agents, queues and tiers of the same key are replaced, others stay.
func (s *Store) Merge(d *Directory) error {
	return s.change(func(tx *sql.Tx) error { return putDirectory(tx, d) })
}

// PutAgent adds an agent or replaces the one of that uuid. An error that is ErrInvalid says what is wrong with him.
func (s *Store) PutAgent(a *engine.AgentConfig) error {
	return s.change(func(tx *sql.Tx) error { return putAgent(tx, a) })
}

// PutQueue adds a queue or replaces the one of that id.
func (s *Store) PutQueue(q *Queue) error {
	return s.change(func(tx *sql.Tx) error { return putQueue(tx, q) })
}

// PutTier gives an agent a place in a queue, both of which there must be, or changes it.
func (s *Store) PutTier(t *engine.TierConfig) error {
	return s.change(func(tx *sql.Tx) error { return putTier(tx, t) })
}

// DeleteAgent removes an agent, his places in queues and his state; what he did stays. ErrNoSuch: there is none.
func (s *Store) DeleteAgent(agentUUID string) error {
	return s.change(func(tx *sql.Tx) error { return remove(tx, "agent_uuid", agentUUID, "agent", "tier", "agent_state") })
}

// DeleteQueue removes a queue and its staff's places; who overflows into it then goes on in the dialplan.
func (s *Store) DeleteQueue(queueID string) error {
	return s.change(func(tx *sql.Tx) error {
		return remove(tx, "queue_id", queueID, "queue",
			"tier", "queue_overflow", "queue_blacklist", "queue_hours", "queue_holiday")
	})
}

// DeleteTier takes an agent out of a queue.
func (s *Store) DeleteTier(agentUUID, queueID string) error {
	return s.change(func(tx *sql.Tx) error {
		result, err := tx.Exec("DELETE FROM tier WHERE agent_uuid = ? AND queue_id = ?", agentUUID, queueID)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return fmt.Errorf("%w: tier of agent %s in queue %s", ErrNoSuch, agentUUID, queueID)
	})
}

// change runs f in a transaction of the writer's connection, between two groups.
func (s *Store) change(f func(*sql.Tx) error) (err error) {
	doErr := s.do(func(w *writer) {
		if w.db == nil {
			err = fmt.Errorf("the database in %s is out of order; see the log", s.options.Dir)
			return
		}
		err = w.change(f)
	})
	return errors.Join(doErr, err)
}

func (w *writer) change(f func(*sql.Tx) error) error {
	if err := w.db.moved(); err != nil {
		return err
	}
	now, err := w.commitChange(f)
	if sqliteCode(err) != 0 {
		return fmt.Errorf("the directory cannot be changed%s: %w", advice(err), err)
	}
	if err == nil {
		w.directory = now
	}
	return err
}

func (w *writer) commitChange(f func(*sql.Tx) error) (*Directory, error) {
	tx, err := w.db.conn.BeginTx(context.Background(), nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() //nolint:errcheck // it is committed, or there is nothing to keep
	if err := f(tx); err != nil {
		return nil, err
	}
	now, err := readDirectory(tx)
	if err != nil {
		return nil, err
	}
	return now, tx.Commit()
}

// loadDirectory keeps a copy, for the case that the database is found damaged while it is in use.
func (w *writer) loadDirectory() (err error) {
	tx, err := w.db.conn.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // a read has nothing to lose
	w.directory, err = readDirectory(tx)
	return err
}

// keepDirectory puts the directory into a database that was begun anew while the store was in use.
func (w *writer) keepDirectory() error {
	kept := w.directory
	if kept.Empty() {
		return nil
	}
	return w.change(func(tx *sql.Tx) error {
		have, err := readDirectory(tx)
		if err != nil || !have.Empty() {
			return err
		}
		return putDirectory(tx, kept)
	})
}
