package events

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the documents that are made from the catalogue")

const docsPath = "../docs/events.md"

// TestDocsAreCurrent keeps docs/events.md what the catalogue says: go test ./events -run Docs -update writes it.
func TestDocsAreCurrent(t *testing.T) {
	text := document()
	if *update {
		require.NoError(t, os.WriteFile(docsPath, []byte(text), 0o644))
	}
	written, err := os.ReadFile(docsPath)
	require.NoError(t, err)
	require.Equal(t, text, string(written), "run go test ./events -run Docs -update")
}

const docsHead = `# Events

Made from the structs of package events; do not edit. ` + "`go test ./events -run Docs -update`" + ` writes it anew.

Every event is one JSON object on one line: ` + "`messageID`" + ` first, then the fields in the order below.

- **always**: in every event of the kind, empty or 0 when there is nothing to tell.
- **optional**: left out when empty, 0 or false.
- **full**: only for a client that opened with profile full; all else is the same in both profiles.
- The DN roles ConsultTo, ObserveBy, NewParty and DeletedParty are told in profile full alone (R3).
- The column *decided by* names a ruling (R16), a clause of the call model (3.1), a section of the protocol, or the
  page call-events.txt itself.
- Times are Unix milliseconds (R16). A client that opens with ` + "`\"epochUnit\":\"us\"`" + ` reads creationTime and every *Uepoch
  in microseconds, 16 digits; 0 is never, in both. A type with [] is an array, one with ? may be null; no other is ever null.
- The page says interrupt for barge-in, take away for intercept, inquiry for consult, meeting for conference (R58).
`

func document() string {
	var w strings.Builder
	w.WriteString(docsHead)
	w.WriteString("\n## What events share\n")
	for _, part := range Parts {
		fmt.Fprintf(&w, "\n### %s\n\n%s (%s).\n\n%s", part.Name, sentence(part.Meaning), part.Clause, fieldTable(part.Fields))
	}
	titles := map[Group]string{
		GroupCall: "Events of calls", GroupAgent: "Events of agents", GroupError: "Refusals",
		GroupProtocol: "The connection itself",
	}
	for _, group := range []Group{GroupCall, GroupAgent, GroupError, GroupProtocol} {
		fmt.Fprintf(&w, "\n## %s\n", titles[group])
		for i := range Catalogue {
			if Catalogue[i].Group == group {
				w.WriteString(section(&Catalogue[i]))
			}
		}
	}
	w.WriteString(codeTables())
	return w.String()
}

func section(e *Entry) string {
	var carries []string
	for _, part := range e.Parts {
		carries = append(carries, fmt.Sprintf("[%s](#%s)", part.Name, strings.ToLower(part.Name)))
	}
	text := fmt.Sprintf("\n### %s\n\n%s (%s).", e.Name, sentence(e.Meaning), e.Clause)
	text += fmt.Sprintf(" Carries %s.", strings.Join(carries, ", "))
	profile := Basic
	if !e.OnPage && e.Group != GroupProtocol {
		text += " In profile full alone."
		profile = Full
	}
	text += "\n\n"
	if len(e.Fields) > 0 {
		text += fieldTable(e.Fields) + "\n"
	}
	for _, m := range examples() {
		if m.Name() == e.Name {
			text += "```json\n" + encode(m, profile) + "\n```\n"
		}
	}
	return text
}

func fieldTable(fields []Field) string {
	text := "| field | type | written | meaning | decided by |\n|---|---|---|---|---|\n"
	for _, f := range fields {
		text += fmt.Sprintf("| %s | %s | %s | %s | %s |\n", f.Key, f.Type, f.Presence, f.Meaning, f.Clause)
	}
	return text
}

func codeTables() string {
	text := "\n## Error codes\n\n| errorCode | errorMessage | when |\n|---|---|---|\n"
	for _, e := range Errors {
		text += fmt.Sprintf("| %d | %s | %s |\n", e.Code, e.Message, e.When)
	}
	text += "\nReserved (R48):\n\n"
	for _, r := range ReservedCodes {
		text += fmt.Sprintf("- %d to %d: %s\n", r.First, r.Last, r.Why)
	}
	text += "\n## Reason codes of agents\n\nA request may give 2, 4, 11 and 12 to 98 (protocol.md 5).\n\n" +
		"| reasonCode | meaning |\n|---|---|\n"
	for _, r := range Reasons {
		if r.Code > ReasonLast {
			text += fmt.Sprintf("| %d to %d | the company's own breaks |\n", ReasonRest+1, ReasonLast)
		}
		text += fmt.Sprintf("| %d | %s |\n", r.Code, r.Meaning)
	}
	text += "\n## earlyDetectCause\n\n" +
		"200 when the call was answered; else by the hangup cause (R22), and 0 for any other cause.\n\n" +
		"| hangup cause | earlyDetectCause |\n|---|---|\n"
	for _, cause := range slices.Sorted(maps.Keys(detected)) {
		text += fmt.Sprintf("| %s | %d |\n", cause, detected[cause])
	}
	text += "\n## Keys of attachedData that belong to the engine\n\nA client that writes one is refused (R8): "
	return text + strings.Join(ReservedKeys, ", ") + ".\n"
}

func sentence(meaning string) string { return strings.ToUpper(meaning[:1]) + meaning[1:] }

// TestExamplesAreWhole: each message has one example, so that no section of the document lacks it.
func TestExamplesAreWhole(t *testing.T) {
	var names []string
	for _, m := range examples() {
		names = append(names, m.Name())
	}
	var listed []string
	for _, e := range Catalogue {
		listed = append(listed, e.Name)
	}
	require.ElementsMatch(t, listed, names)
}
