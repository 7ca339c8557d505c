package store

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"

	"modcti/engine"
)

// column ties a column to the field that it holds: the same pointer is written from and read into.
type column struct {
	name  string
	field any
}

func agentColumnsOf(a *engine.AgentConfig) []column {
	return []column{
		{"agent_uuid", &a.UUID}, {"agent_id", &a.ID}, {"name", &a.Name}, {"dn", &a.DN}, {"mobile", &a.Mobile},
		{"mobile_accept", word(MobileAcceptWords, &a.MobileAccept)}, {"max_calls", &a.MaxCalls},
		{"wrap_up_millis", &a.WrapUpMillis}, {"wrap_up_untimed", &a.WrapUpUntimed},
		{"manual_wrap_up_millis", &a.ManualMillis}, {"manual_wrap_up_ready", &a.ManualToReady}, {"ring_millis", &a.RingMillis},
		{"missed_policy", word(MissedPolicyWords, &a.MissedPolicy)}, {"reject_policy", word(MissedPolicyWords, &a.RejectPolicy)},
		{"busy_policy", word(MissedPolicyWords, &a.BusyPolicy)},
		{"unreached_policy", word(MissedPolicyWords, &a.UnreachedPolicy)}, {"missed_max", &a.MissedMax},
		{"after_missed", &a.AfterMissed}, {"after_reject", &a.AfterReject}, {"after_busy", &a.AfterBusy},
		{"after_unreached", &a.AfterUnreached}, {"idle_logout", &a.IdleLogout}, {"nailed_up", &a.NailedUp},
		{"device_lost", word(DevicePolicyWords, &a.DeviceLost)}, {"login_at_start", &a.LoginAtStart},
		{"duplicate_policy", word(DuplicatePolicyWords, &a.DuplicatePolicy)},
		{"missed_overflow", (*targets)(&a.MissedOverflow)}, {"direct_policy", word(MissedPolicyWords, &a.DirectPolicy)},
	}
}

func queueColumnsOf(q *Queue) []column {
	list := []column{
		{"queue_id", &q.ID}, {"name", &q.Name}, {"strategy", word(StrategyWords, &q.Strategy)}, {"ring_millis", &q.RingMillis},
		{"progress_millis", &q.ProgressMillis}, {"wrap_up_millis", &q.WrapUpMillis}, {"wrap_up_untimed", &q.WrapUpUntimed},
		{"skip_empty_levels", &q.SkipEmptyLevels}, {"last_seat_millis", &q.LastSeatMillis},
		{"priority_millis", &q.PriorityMillis}, {"since_call", &q.SinceCall}, {"max_length", &q.MaxLength},
		{"max_wait_millis", &q.MaxWaitMillis}, {"nobody_on_millis", &q.NobodyOnMillis}, {"nobody_ready", &q.NobodyReady},
		{"resume_millis", &q.ResumeMillis}, {"exit_keys", &q.ExitKeys}, {"callback_key", &q.CallbackKey},
		{"callback_millis", &q.CallbackMillis}, {"music", &q.Music},
		{"welcome", &q.Welcome}, {"announce", &q.Announce}, {"announce_millis", &q.AnnounceMillis},
		{"announce_position", &q.AnnouncePosition}, {"announce_wait", &q.AnnounceWait},
		{"record_template", &q.RecordTemplate}, {"time_zone", &q.TimeZone},
		{"missed_overflow", (*targets)(&q.MissedOverflow)},
	}
	for i := range q.LevelAfter {
		list = append(list, column{fmt.Sprintf("level%d_after_millis", i+1), &q.LevelAfter[i]})
	}
	return list
}

func tierColumnsOf(t *engine.TierConfig) []column {
	return []column{
		{"agent_uuid", &t.AgentUUID}, {"queue_id", &t.QueueID}, {"level", &t.Level}, {"position", &t.Position},
	}
}

func overflowColumnsOf(o *engine.Overflow) []column {
	return []column{{"happens", (*string)(&o.When)}, {"kind", (*string)(&o.Kind)}, {"target", &o.To}}
}

func blacklistColumnsOf(number *string) []column { return []column{{"number", number}} }

func hoursColumnsOf(h *Hours) []column {
	return []column{{"weekday", (*int)(&h.Weekday)}, {"from_minute", &h.From}, {"to_minute", &h.To}}
}

func holidayColumnsOf(h *Holiday) []column {
	return []column{{"day", &h.Day}, {"from_minute", &h.From}, {"to_minute", &h.To}, {"name", &h.Name}}
}

// worded is a field that the table holds by its name.
type worded[T ~uint8] struct {
	words Words[T]
	field *T
}

func word[T ~uint8](words Words[T], field *T) *worded[T] { return &worded[T]{words, field} }

// Value implements driver.Valuer.
func (w *worded[T]) Value() (driver.Value, error) { return w.words.Name(*w.field), nil }

// Scan implements sql.Scanner.
func (w *worded[T]) Scan(value any) error {
	name, _ := value.(string)
	found, known := w.words.Find(name)
	if !known {
		return fmt.Errorf("the word %v is unknown", value)
	}
	*w.field = found
	return nil
}

// targets is a list of them, which the table holds as ParseTargets reads it.
type targets []engine.Target

// Value implements driver.Valuer.
func (t *targets) Value() (driver.Value, error) { return TargetsText(*t), nil }

// Scan implements sql.Scanner.
func (t *targets) Scan(value any) error {
	text, _ := value.(string)
	list, err := ParseTargets(text)
	*t = list
	return err
}

func namesOf(columns []column) []string {
	names := make([]string, 0, len(columns))
	for _, c := range columns {
		names = append(names, c.name)
	}
	return names
}

// valuesOf are what is bound; fieldsOf what is scanned into.
func valuesOf(columns []column) (values []any) {
	for _, c := range columns {
		switch field := c.field.(type) {
		case *string:
			values = append(values, strings.ToValidUTF8(*field, "\uFFFD"))
		case *int:
			values = append(values, *field)
		case *int64:
			values = append(values, *field)
		case *bool:
			values = append(values, *field)
		default:
			values = append(values, field)
		}
	}
	return values
}

func fieldsOf(columns []column) (fields []any) {
	for _, c := range columns {
		fields = append(fields, c.field)
	}
	return fields
}

// put writes a row, over the row of the same key if there is one, which keeps its place.
func put(tx *sql.Tx, table, key string, columns []column) error {
	names := namesOf(columns)
	list := strings.Join(names, ", ")
	_, others := terms(list, key)
	_, err := tx.Exec(fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s) ON CONFLICT (%s) DO UPDATE SET %s",
		table, list, marks(list), key, strings.Join(others, ", ")), valuesOf(columns)...)
	return err
}

// putList replaces the list that belongs to a queue.
func putList[T any](tx *sql.Tx, table, queueID string, list []T, columnsOf func(*T) []column) error {
	if _, err := tx.Exec("DELETE FROM "+table+" WHERE queue_id = ?", queueID); err != nil {
		return err
	}
	for i := range list {
		ordinal := i
		columns := append([]column{{"queue_id", &queueID}, {"ordinal", &ordinal}}, columnsOf(&list[i])...)
		if err := put(tx, table, "queue_id, ordinal", columns); err != nil {
			return err
		}
	}
	return nil
}

// list reads a table.
func list[T any](tx *sql.Tx, table, order string, columnsOf func(*T) []column) ([]T, error) {
	var none T
	query := fmt.Sprintf("SELECT %s FROM %s ORDER BY %s", strings.Join(namesOf(columnsOf(&none)), ", "), table, order)
	return scanAll(tx, func(rows *sql.Rows, row *T) error { return rows.Scan(fieldsOf(columnsOf(row))...) }, query)
}

// byQueue reads a table of lists that belong to queues.
func byQueue[T any](tx *sql.Tx, table string, columnsOf func(*T) []column) (map[string][]T, error) {
	type owned struct {
		queueID string
		of      T
	}
	rows, err := list(tx, table, "queue_id, ordinal", func(o *owned) []column {
		return append([]column{{"queue_id", &o.queueID}}, columnsOf(&o.of)...)
	})
	lists := map[string][]T{}
	for _, row := range rows {
		lists[row.queueID] = append(lists[row.queueID], row.of)
	}
	return lists, err
}

// readDirectory reads all of it.
func readDirectory(tx *sql.Tx) (d *Directory, err error) {
	d = &Directory{}
	if d.Agents, err = list(tx, "agent", "id", agentColumnsOf); err != nil {
		return nil, err
	}
	if d.Queues, err = list(tx, "queue", "id", queueColumnsOf); err != nil {
		return nil, err
	}
	if d.Tiers, err = list(tx, "tier", "id", tierColumnsOf); err != nil {
		return nil, err
	}
	overflows, err := byQueue(tx, "queue_overflow", overflowColumnsOf)
	if err != nil {
		return nil, err
	}
	numbers, err := byQueue(tx, "queue_blacklist", blacklistColumnsOf)
	if err != nil {
		return nil, err
	}
	hours, err := byQueue(tx, "queue_hours", hoursColumnsOf)
	if err != nil {
		return nil, err
	}
	holidays, err := byQueue(tx, "queue_holiday", holidayColumnsOf)
	if err != nil {
		return nil, err
	}
	for i := range d.Queues {
		q := &d.Queues[i]
		q.Overflow, q.Blacklist, q.Hours, q.Holidays = overflows[q.ID], numbers[q.ID], hours[q.ID], holidays[q.ID]
	}
	return d, nil
}

func putAgent(tx *sql.Tx, a *engine.AgentConfig) error {
	if err := CheckAgent(a); err != nil {
		return err
	}
	err := put(tx, "agent", "agent_uuid", agentColumnsOf(a))
	if isRecordFault(err) {
		return invalid("agent %s: another agent has the id %q", a.UUID, a.ID)
	}
	return err
}

func putQueue(tx *sql.Tx, q *Queue) error {
	if err := CheckQueue(q); err != nil {
		return err
	}
	if err := put(tx, "queue", "queue_id", queueColumnsOf(q)); err != nil {
		return err
	}
	if err := putList(tx, "queue_overflow", q.ID, q.Overflow, overflowColumnsOf); err != nil {
		return err
	}
	if err := putList(tx, "queue_blacklist", q.ID, q.Blacklist, blacklistColumnsOf); err != nil {
		return err
	}
	if err := putList(tx, "queue_hours", q.ID, q.Hours, hoursColumnsOf); err != nil {
		return err
	}
	return putList(tx, "queue_holiday", q.ID, q.Holidays, holidayColumnsOf)
}

func putTier(tx *sql.Tx, t *engine.TierConfig) error {
	if err := CheckTier(t); err != nil {
		return err
	}
	for _, need := range []struct{ table, column, key, what string }{
		{"agent", "agent_uuid", t.AgentUUID, "agent"}, {"queue", "queue_id", t.QueueID, "queue"},
	} {
		found, err := has(tx, need.table, need.column, need.key)
		if err == nil && !found {
			err = invalid("tier of agent %s in queue %s: there is no such %s", t.AgentUUID, t.QueueID, need.what)
		}
		if err != nil {
			return err
		}
	}
	return put(tx, "tier", "agent_uuid, queue_id", tierColumnsOf(t))
}

func has(tx *sql.Tx, table, column, key string) (found bool, err error) {
	err = tx.QueryRow(fmt.Sprintf("SELECT EXISTS (SELECT 1 FROM %s WHERE %s = ?)", table, column), key).Scan(&found)
	return found, err
}

// putDirectory puts all of d over what is there.
func putDirectory(tx *sql.Tx, d *Directory) error {
	for i := range d.Agents {
		if err := putAgent(tx, &d.Agents[i]); err != nil {
			return err
		}
	}
	for i := range d.Queues {
		if err := putQueue(tx, &d.Queues[i]); err != nil {
			return err
		}
	}
	for i := range d.Tiers {
		if err := putTier(tx, &d.Tiers[i]); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes the row of a key from a table, and what belongs to it from others.
func remove(tx *sql.Tx, column, key, table string, others ...string) error {
	found, err := has(tx, table, column, key)
	if err == nil && !found {
		err = fmt.Errorf("%w: %s %s", ErrNoSuch, table, key)
	}
	if err != nil {
		return err
	}
	for _, table := range append(others, table) {
		if _, err := tx.Exec(fmt.Sprintf("DELETE FROM %s WHERE %s = ?", table, column), key); err != nil {
			return err
		}
	}
	return nil
}
