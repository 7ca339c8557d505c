package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// recordTemplate is record-template, taken apart: text, and functions for what stands in ${...}.
type recordTemplate []recordPart

// recordPart is text as it stands when of is nil.
type recordPart struct {
	text string
	of   func(r *recording) string
}

// recording is what a template can speak of. Numbers and names are not among it: callers choose those.
type recording struct {
	callID, partyID string
	at              time.Time
}

const recordTemplateAllowed = "an absolute path such as /var/rec/${strftime(%Y-%m-%d-%H-%M-%S)}.${uuid}.wav: letters, " +
	"digits, /._+@=~-, an extension, ${uuid} or ${cti_party_id}, a ${strftime(...)} of %Y %y %m %d %j %H %M %S %s %F with " +
	"%S or %s in it, and ${cti_call_id} if wanted; or nothing for no recording"

// recordNames are the names that a template may use: those of mod_callcenter's templates that no caller can choose.
var recordNames = map[string]func(*recording) string{
	"uuid":         func(r *recording) string { return plainID(r.partyID) },
	"cti_party_id": func(r *recording) string { return plainID(r.partyID) },
	"cti_call_id":  func(r *recording) string { return plainID(r.callID) },
}

var recordTimes = map[byte]func(time.Time) string{
	'Y': func(t time.Time) string { return t.Format("2006") },
	'y': func(t time.Time) string { return t.Format("06") },
	'm': func(t time.Time) string { return t.Format("01") },
	'd': func(t time.Time) string { return t.Format("02") },
	'j': func(t time.Time) string { return t.Format("002") },
	'H': func(t time.Time) string { return t.Format("15") },
	'M': func(t time.Time) string { return t.Format("04") },
	'S': func(t time.Time) string { return t.Format("05") },
	'F': func(t time.Time) string { return t.Format(time.DateOnly) },
	's': func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) },
}

var (
	recordVariable = regexp.MustCompile(`\$\{(?:([a-z_]+)|strftime\(([^(){}$]*)\))\}`)
	recordText     = regexp.MustCompile(`^[A-Za-z0-9/._+@=~-]*$`)
	recordTail     = regexp.MustCompile(`\.[A-Za-z0-9]{2,4}$`)
	unsafeInID     = regexp.MustCompile(`[^A-Za-z0-9-]`)
)

// plainID keeps what a dialplan may have put into cti_call_id from being more than a name.
func plainID(id string) string {
	if id == "" {
		return "_"
	}
	return unsafeInID.ReplaceAllString(id, "_")
}

// recordPathTemplate checks a template and takes it apart. Both a party's id and the second are needed: without them one
// recording would be written over another.
func recordPathTemplate(s *Settings, text string) bool {
	s.RecordTemplate, s.recordTemplate = text, nil
	if text == "" {
		return true
	}
	if len(text) > textBytesMax || !filepath.IsAbs(text) || !recordTail.MatchString(text) {
		return false
	}
	from, named, second := 0, false, false
	for _, at := range recordVariable.FindAllStringSubmatchIndex(text, -1) {
		if !s.recordTemplate.addText(text[from:at[0]]) {
			return false
		}
		from = at[1]
		if at[2] < 0 {
			format := text[at[4]:at[5]]
			second = second || strings.Contains(format, "%S") || strings.Contains(format, "%s")
			if !s.recordTemplate.addTime(format) {
				return false
			}
			continue
		}
		name := text[at[2]:at[3]]
		of, known := recordNames[name]
		if !known {
			return false
		}
		named = named || name != "cti_call_id"
		s.recordTemplate = append(s.recordTemplate, recordPart{of: of})
	}
	whole := s.recordTemplate.addText(text[from:]) && named && second
	return whole && !slices.Contains(strings.Split(s.recordTemplate.path(&recording{}), "/"), "..")
}

func (t *recordTemplate) addText(text string) bool {
	if text != "" {
		*t = append(*t, recordPart{text: text})
	}
	return recordText.MatchString(text)
}

// addTime takes the format of strftime apart.
func (t *recordTemplate) addTime(format string) bool {
	for format != "" {
		text, rest, found := strings.Cut(format, "%")
		if !t.addText(text) {
			return false
		}
		if !found {
			return true
		}
		if rest == "" || recordTimes[rest[0]] == nil {
			return false
		}
		of := recordTimes[rest[0]]
		*t = append(*t, recordPart{of: func(r *recording) string { return of(r.at) }})
		format = rest[1:]
	}
	return true
}

// recordPath is engine.Config.RecordPath for these settings. The time is that of time-zone.
func (s *Settings) recordPath(callID, partyID string, wallMicros int64) string {
	at := time.UnixMicro(wallMicros).In(s.TimeZone)
	return s.recordTemplate.path(&recording{callID: callID, partyID: partyID, at: at})
}

func (t recordTemplate) path(r *recording) string {
	var path strings.Builder
	for _, part := range t {
		if part.of != nil {
			path.WriteString(part.of(r))
		} else {
			path.WriteString(part.text)
		}
	}
	return path.String()
}

// recordTemplateParam is the parameter of settings.md.
var recordTemplateParam = param{"record-template", true, fmt.Sprintf("at most %d bytes: %s", textBytesMax, recordTemplateAllowed),
	recordPathTemplate}
