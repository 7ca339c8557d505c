package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"modcti/events"
	"modcti/store"
)

// setting is one row of the configuration: a cti_setting of cti.h.
type setting struct {
	section, name, value string
	line                 int // of the file, 0 = unknown
	item                 int // which element of its section, from 0
}

// Settings are the parameters of settings.md, checked and with their defaults in place. http-listen, journal-days and
// journal-bytes are for parts of the engine that this version does not have.
type Settings struct {
	DataDir           string // absolute
	UnixSocket        string // absolute; empty = off
	TCPListen         string // host:port; empty = off
	HTTPListen        string // host:port; empty = off
	TLSCert           string // files in PEM form
	TLSKey            string
	TLSClientCA       string
	CompanyID         string // empty = made at first start
	SDKAppID          int64  // 0 = made at first start
	TimeZone          *time.Location
	Inside            *regexp.Regexp // matches the numbers that are extensions
	TrackMarked       bool           // only channels that cti_track has marked are followed
	DurabilityFull    bool           // a committed record survives power loss, not only a crash
	JournalDays       int64
	JournalBytes      int64
	FireCustomEvents  bool
	ClientQueueBytes  int64
	RequestsPerSecond int64
	RecordTemplate    string           // empty = no recording
	NotifyObserved    bool             // an agent is told that a supervisor listens (R39)
	EndStates         events.EndStates // of calls out, where they are not the usual ones (R22)
	Presence          bool             // phones' keys may watch agents and queues
	NailedMusic       bool             // an agent whose phone stays connected hears music between two calls, not silence
	GoThreads         int64
	GoMemoryBytes     int64

	Voicemail      string // its profile, and its domain if that is not the switch's own
	QueueLog       string // a file; empty = off
	CallcenterConf string // what "cti import callcenter" reads where it names no file

	Tokens   []Token
	DialPlan []DialRule
	Roster   store.Directory // what the store begins with at the first start

	recordTemplate recordTemplate
}

// Token is one <token> of <tokens>: who may connect and what it may do (protocol.md 7).
type Token struct {
	HashHex string   // SHA-256 of the token, 64 hex digits
	Company string   // empty = the default company
	DNs     []string // or "*" alone
	Rights  []string // at least one of observe, control, supervise, admin
	Line    int
}

func defaultSettings() *Settings {
	return &Settings{
		TCPListen: "127.0.0.1:8041", HTTPListen: "127.0.0.1:8040",
		TimeZone: time.Local, Inside: regexp.MustCompile(`^\d{3,6}$`),
		DurabilityFull: true, JournalDays: 7, JournalBytes: 2 << 30, FireCustomEvents: true,
		ClientQueueBytes: 4 << 20, RequestsPerSecond: 20, GoThreads: 2, GoMemoryBytes: 256 << 20,
		Voicemail: "default",
	}
}

// settingError says which row is wrong and what would be right.
type settingError struct {
	row  setting
	want string
}

func (e *settingError) Error() string {
	where := ""
	if e.row.line > 0 {
		where = fmt.Sprintf(" at line %d", e.row.line)
	}
	return fmt.Sprintf("<%s> %s=%q%s: %s", e.row.section, e.row.name, e.row.value, where, e.want)
}

// wrong begins the description of what a row should have been; format completes "give".
func wrong(row setting, format string, args ...any) error {
	return &settingError{row, "give " + fmt.Sprintf(format, args...)}
}

// parseSettings checks every row. Its error names the first row that is wrong, its line, and what is allowed.
func parseSettings(rows []setting) (*Settings, error) {
	s := defaultSettings()
	var tokens, rules items
	var people roster
	given := map[string]setting{}
	for _, row := range rows {
		var err error
		switch row.section {
		case "settings":
			err = parseParam(s, row, given)
		case "tokens":
			err = tokens.add(row, tokenNames)
		case "dial-plan":
			err = rules.add(row, ruleNames)
		case "queues":
			people.queues.add(row)
		case "agents":
			people.agents.add(row)
		case "tiers":
			people.tiers.add(row)
		default:
			err = &settingError{row,
				"the section is unknown; the sections are settings, tokens, dial-plan, queues, agents, tiers"}
		}
		if err != nil {
			return nil, err
		}
	}
	if err := parseTokens(s, tokens); err != nil {
		return nil, err
	}
	if err := parseRules(s, rules); err != nil {
		return nil, err
	}
	directory, err := people.directory()
	if err != nil {
		return nil, err
	}
	s.Roster = *directory
	return s, s.check(given)
}

// parseParam takes one row of <settings>.
func parseParam(s *Settings, row setting, given map[string]setting) error {
	for _, p := range params {
		if p.name != row.name {
			continue
		}
		if before, twice := given[row.name]; twice {
			return &settingError{row,
				fmt.Sprintf("it was given before, as %q at line %d; remove one", before.value, before.line)}
		}
		given[row.name] = row
		row.value = strings.TrimSpace(row.value)
		if row.value == "" && !p.mayBeEmpty {
			return wrong(row, "%s, or leave the parameter out", p.allowed)
		}
		if !p.parse(s, row.value) {
			return wrong(row, "%s", p.allowed)
		}
		return nil
	}
	names := make([]string, 0, len(params))
	for _, p := range params {
		names = append(names, p.name)
	}
	return &settingError{row, "the parameter is unknown; the parameters are " + strings.Join(names, ", ")}
}

// check looks at what only several parameters together can get wrong. Errors name the row that was given, if one was.
func (s *Settings) check(given map[string]setting) error {
	row := func(name, value string) setting {
		if r, is := given[name]; is {
			return r
		}
		return setting{section: "settings", name: name, value: value}
	}
	switch {
	case s.DataDir == "":
		return wrong(row("data-dir", ""), "%s", "the absolute path of a directory that the switch may write")
	case s.TLSCert != "" && s.TLSKey == "":
		return wrong(row("tls-key", ""), "%s", "the key of tls-cert")
	case s.TLSKey != "" && s.TLSCert == "":
		return wrong(row("tls-cert", ""), "%s", "the certificate of tls-key")
	case s.TLSClientCA != "" && s.TLSCert == "":
		return wrong(row("tls-cert", ""), "%s", "a certificate: tls-client-ca needs tls-cert and tls-key")
	}
	for _, door := range []struct{ name, value string }{{"tcp-listen", s.TCPListen}, {"http-listen", s.HTTPListen}} {
		if door.value == "" || onLoopback(door.value) {
			continue
		}
		if s.TLSCert == "" {
			return wrong(row(door.name, door.value), "a loopback address, or set tls-cert and tls-key")
		}
		if len(s.Tokens) == 0 {
			return wrong(row(door.name, door.value),
				"a loopback address, or make a token with ctictl token and put it into <tokens>")
		}
	}
	return nil
}
