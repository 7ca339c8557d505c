package events

import (
	"encoding/json"
	"reflect"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCatalogueHasEveryMessage(t *testing.T) {
	var names []string
	for _, m := range everyMessage() {
		names = append(names, m.Name())
		require.NotNil(t, Find(m.Name()), m.Name())
	}
	var listed []string
	for _, e := range Catalogue {
		listed = append(listed, e.Name)
	}
	require.ElementsMatch(t, names, listed)
	require.Nil(t, Find("EventNothing"))
}

// TestCatalogueSaysWhatIsWritten decodes what each encoder writes, full and empty, and holds it against the catalogue:
// the keys in their order, those that may be missing, those of profile full alone, and their types.
func TestCatalogueSaysWhatIsWritten(t *testing.T) {
	for i, m := range filled() {
		e := Find(m.Name())
		empty := everyMessage()[i]
		for _, row := range []struct {
			message Message
			profile Profile
			has     map[Presence]bool
		}{
			{m, Full, map[Presence]bool{Always: true, Optional: true, FullOnly: true, FullOptional: true}},
			{m, Basic, map[Presence]bool{Always: true, Optional: true}},
			{empty, Full, map[Presence]bool{Always: true, FullOnly: true}},
			{empty, Basic, map[Presence]bool{Always: true}},
		} {
			keys := []string{"messageID"}
			for _, f := range e.AllFields() {
				if row.has[f.Presence] {
					keys = append(keys, f.Key)
				}
			}
			require.Equal(t, keys, keysInOrder(t, row.message.AppendJSON(nil, row.profile)), m.Name())
		}
		var written map[string]any
		require.NoError(t, json.Unmarshal(m.AppendJSON(nil, Full), &written))
		for _, f := range e.AllFields() {
			require.Equal(t, kindOf(f.Type), reflect.TypeOf(written[f.Key]).Kind(), "%s of %s", f.Key, e.Name)
		}
	}
}

func kindOf(wireType string) reflect.Kind {
	switch {
	case regexp.MustCompile(`\[\]$`).MatchString(wireType):
		return reflect.Slice
	case wireType == "string":
		return reflect.String
	case wireType == "integer":
		return reflect.Float64
	case wireType == "boolean":
		return reflect.Bool
	}
	return reflect.Map
}

func keysInOrder(t *testing.T, text []byte) []string {
	var members []string
	require.NoError(t, eachKey(text, func(key string) { members = append(members, key) }))
	return members
}

// TestEveryFieldHasAMeaningAndAClause: the clause is a ruling, a clause of the call model or a section of the protocol.
func TestEveryFieldHasAMeaningAndAClause(t *testing.T) {
	one := `(R([1-9]|[1-5][0-9]|6[01])|3\.([0-9]|1[0-7])(-\d+)?|protocol\.md [1-7]|call-events\.txt)`
	clause := regexp.MustCompile(`^` + one + `(, ` + one + `)*$`)
	check := func(o *Object) {
		require.NotEmpty(t, o.Meaning, o.Name)
		require.Regexp(t, clause, o.Clause, o.Name)
		for _, f := range o.Fields {
			require.NotEmpty(t, f.Meaning, "%s of %s", f.Key, o.Name)
			require.Regexp(t, clause, f.Clause, "%s of %s", f.Key, o.Name)
		}
	}
	for _, part := range Parts {
		check(part)
	}
	for i := range Catalogue {
		check(&Catalogue[i].Object)
	}
}
