package store

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"modcti/engine"
)

// spill is the file that keeps records, one JSON object a line, while SQLite cannot. It is read back in order.
// size is how much of the file counts: what lies behind it is the rest of a write that failed.
type spill struct {
	file spillFile
	sync bool // each group is flushed to the device

	size  int64 // bytes that count
	from  int64 // bytes already read back and committed
	lines int   // records between from and size
	buf   []byte
}

// spillFile is what a spill needs of its file: an *os.File, but for tests of full and failing disks.
type spillFile interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Truncate(size int64) error
	Sync() error
}

// spillLine is one record in the file. The names are a format: a spill may be read by a later version.
type spillLine struct {
	Kind  string              `json:"kind"`
	Call  *spillCall          `json:"call,omitempty"`
	Party *engine.PartyRecord `json:"party,omitempty"`
	State *engine.StateRecord `json:"state,omitempty"`
	Queue *engine.QueueRecord `json:"queue,omitempty"`
	Offer *engine.OfferRecord `json:"offer,omitempty"`
	Agent *engine.AgentRecord `json:"agent,omitempty"`
	More  bool                `json:"more,omitempty"` // the next line was handed over with this one; the last field
}

// hasMore ends a line that tells so.
var hasMore = []byte(`"more":true}` + "\n")

// spillCall keeps attached data as the text that goes into the database, so that no record is too odd to be kept.
type spillCall struct {
	engine.CallRecord
	AttachedData string
}

var kindNames = [...]string{
	engine.CallOpened: "CallOpened", engine.CallUpdated: "CallUpdated", engine.CallClosed: "CallClosed",
	engine.PartyOpened: "PartyOpened", engine.PartyState: "PartyState", engine.PartyUpdated: "PartyUpdated",
	engine.PartyClosed: "PartyClosed", engine.QueueEntered: "QueueEntered", engine.QueueLeft: "QueueLeft",
	engine.OfferMade: "OfferMade", engine.OfferEnded: "OfferEnded", engine.AgentChanged: "AgentChanged",
}

// openSpill opens the file and drops from its end what was not written whole; torn is that part's length.
func openSpill(path string, sync bool) (s *spill, torn int64, err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, 0, fmt.Errorf("the spill file cannot be opened: %w", err)
	}
	s = &spill{file: file, sync: sync}
	err = s.measure(file)
	if err == nil {
		torn, err = s.cut(file)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		file.Close()
		return nil, 0, fmt.Errorf("the spill file %s is of no use: %w", path, err)
	}
	return s, torn, nil
}

func (s *spill) cut(file *os.File) (torn int64, err error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size() - s.size, file.Truncate(s.size)
}

// measure counts the lines of the file, up to the last that is there with all that was handed over with it.
func (s *spill) measure(file io.Reader) error {
	reader := bufio.NewReaderSize(file, 1<<16)
	length, lines := int64(0), 0
	for {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		length += int64(len(line))
		lines++
		if !bytes.HasSuffix(line, hasMore) {
			s.size, s.lines = length, lines
		}
	}
}

// empty is false as long as the file holds a line, also one that is already in the database: were newer records then
// written past the file, reading it back after a crash would undo them.
func (s *spill) empty() bool { return s.size == 0 }

// write appends a group. When it fails the file counts as unchanged.
func (s *spill) write(g *group) error {
	s.buf = s.buf[:0]
	for it := range g.all() {
		line, err := encodeLine(it, !it.last && it != g.last())
		if err != nil {
			return fmt.Errorf("record %d cannot be written as JSON: %w", it.number, err)
		}
		s.buf = append(append(s.buf, line...), '\n')
	}
	if err := s.extend(s.buf); err != nil {
		_ = s.file.Truncate(s.size) // so that half a group is not read back after a crash; extend repeats it
		return fmt.Errorf("the spill file cannot be written: %w", err)
	}
	s.size += int64(len(s.buf))
	s.lines += g.size
	if cap(s.buf) > 1<<20 {
		s.buf = nil
	}
	return nil
}

func (s *spill) extend(text []byte) error {
	if err := s.file.Truncate(s.size); err != nil {
		return err
	}
	if _, err := s.file.WriteAt(text, s.size); err != nil {
		return err
	}
	if !s.sync {
		return nil
	}
	return s.file.Sync()
}

// read returns the next lines that are to be read back, at most limit, and their length in the file.
func (s *spill) read(limit int) (lines [][]byte, length int64, err error) {
	reader := bufio.NewReaderSize(io.NewSectionReader(s.file, s.from, s.size-s.from), 1<<16)
	for len(lines) < limit && s.from+length < s.size {
		line, err := reader.ReadBytes('\n')
		if err != nil {
			return nil, 0, fmt.Errorf("the spill file cannot be read: %w", err)
		}
		lines = append(lines, line[:len(line)-1])
		length += int64(len(line))
	}
	return lines, length, nil
}

// committed says that the next count lines are in the database for good.
func (s *spill) committed(count int, length int64) {
	s.from += length
	s.lines -= count
}

// reset empties the file once all of it is in the database.
func (s *spill) reset() error {
	if err := s.file.Truncate(0); err != nil {
		return fmt.Errorf("the spill file cannot be emptied: %w", err)
	}
	s.size, s.from, s.lines = 0, 0, 0
	if err := s.file.Sync(); err != nil {
		return fmt.Errorf("the spill file cannot be emptied: %w", err)
	}
	return nil
}

func (s *spill) close() error { return s.file.Close() }

func encodeLine(it *item, more bool) ([]byte, error) {
	record := &it.record
	line := spillLine{Kind: kindName(record.Kind), More: more}
	switch record.Kind {
	case engine.CallOpened, engine.CallUpdated, engine.CallClosed:
		line.Call = &spillCall{record.Call, it.data}
	case engine.PartyOpened, engine.PartyUpdated, engine.PartyClosed:
		line.Party = &record.Party
	case engine.PartyState:
		line.State = &record.State
	case engine.QueueEntered, engine.QueueLeft:
		line.Queue = record.Queue
	case engine.OfferMade, engine.OfferEnded:
		line.Offer = record.Offer
	case engine.AgentChanged:
		line.Agent = record.Agent
	}
	return json.Marshal(&line)
}

func decodeLine(text []byte) (it item, err error) {
	var line spillLine
	if err := json.Unmarshal(text, &line); err != nil {
		return it, err
	}
	for kind, name := range kindNames {
		if name == line.Kind && name != "" {
			it.record.Kind = engine.RecordKind(kind)
		}
	}
	switch {
	case line.Call != nil:
		it.record.Call, it.data = line.Call.CallRecord, line.Call.AttachedData
	case line.Party != nil:
		it.record.Party = *line.Party
	case line.State != nil:
		it.record.State = *line.State
	}
	it.record.Queue, it.record.Offer, it.record.Agent = line.Queue, line.Offer, line.Agent
	return it, nil
}

func kindName(kind engine.RecordKind) string {
	if int(kind) < len(kindNames) && kindNames[kind] != "" {
		return kindNames[kind]
	}
	return fmt.Sprintf("record kind %d", kind)
}
