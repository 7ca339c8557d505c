package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGeneratedFilesAreCurrent: whoever changes a struct runs go generate ./events.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	files, err := generate("../..")
	require.NoError(t, err)
	require.Len(t, files, 2)
	for name, want := range files {
		written, err := os.ReadFile(filepath.Join("../..", name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(written), "%s is not current: run go generate ./events", name)
	}
}

const header = "package events\n" +
	"// Header: what all carry (R1).\ntype Header struct {\n\tSeq uint64 `json:\"seq\"` // number\n}\n"

func folder(t *testing.T, messages string) string {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "messages.go"), []byte(header+messages), 0o600))
	for _, name := range []string{"agents.go", "protocol.go"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("package events\n"), 0o600))
	}
	return dir
}

// TestEveryKindOfField: what is written by hand nowhere else is looked at here once.
func TestEveryKindOfField(t *testing.T) {
	dir := folder(t, `
// Inner: an object (R2).
type Inner struct {
	A string `+"`json:\"a\"`"+` // text
	B bool   `+"`json:\"b,omitempty\"`"+` // flag
}

// Thing: something happened (3.1).
//
//event:call extra
type Thing struct {
	Header
	One  Inner   `+"`json:\"one\"`"+` // one
	Many []Inner `+"`json:\"many\" profile:\"full\"`"+` // many (R3, R4)
	Last int64   `+"`json:\"last,omitempty\" profile:\"full\"`"+` // last
}
`)
	require.NoError(t, run(dir))
	encoders, err := os.ReadFile(filepath.Join(dir, "encode_gen.go"))
	require.NoError(t, err)
	require.Contains(t, string(encoders), `func (m *Thing) AppendJSON(dst []byte, p Profile) []byte {
	dst = append(dst, `+"`{\"messageID\":\"EventThing\"`...)"+`
	dst = m.Header.appendFields(dst)
	dst = append(dst, `+"`,\"one\":`...)"+`
	dst = m.One.appendObject(dst)
	if p.Full() {
		dst = append(dst, `+"`,\"many\":[`...)"+`
		for i := range m.Many {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = m.Many[i].appendObject(dst)
		}
		dst = append(dst, `+"`]`...)"+`
		if m.Last != 0 {
			dst = append(dst, `+"`,\"last\":`...)"+`
			dst = strconv.AppendInt(dst, m.Last, 10)
		}
	}
	return append(dst, `+"`}`...)"+`
}
`)
	catalogue, err := os.ReadFile(filepath.Join(dir, "catalogue_gen.go"))
	require.NoError(t, err)
	require.Contains(t, string(catalogue), `{Group: GroupCall, OnPage: false, Object: Object{`)
	require.Contains(t, string(catalogue), `{"many", "Inner[]", FullOnly, "many", "R3, R4"},`)
	require.Contains(t, string(catalogue), `{"last", "integer", FullOptional, "last", "3.1"},`)
}

// TestPartThatIsAnObjectToo: what one message embeds another may hold in a field, as agents are.
func TestPartThatIsAnObjectToo(t *testing.T) {
	dir := folder(t, `
// Inner: a part (R2).
type Inner struct {
	A string `+"`json:\"a\"`"+` // text
}

// One: embeds it (3.1).
//
//event:call
type One struct {
	Inner
}

// Two: holds it (3.1).
//
//event:call
type Two struct {
	In *Inner `+"`json:\"in\"`"+` // it
}
`)
	require.NoError(t, run(dir))
	encoders, err := os.ReadFile(filepath.Join(dir, "encode_gen.go"))
	require.NoError(t, err)
	require.Contains(t, string(encoders), `
func (m *Inner) appendFields(dst []byte) []byte {
	dst = append(dst, `+"`,\"a\":\"`...)"+`
	dst = appendText(dst, m.A)
	return append(dst, `+"`\"`...)"+`
}

func (m *Inner) appendObject(dst []byte) []byte {
	dst = append(dst, `+"`{\"a\":\"`...)"+`
	dst = appendText(dst, m.A)
	return append(dst, `+"`\"}`...)"+`
}
`)
	require.Contains(t, string(encoders), "dst = m.Inner.appendFields(dst)\n")
	require.Contains(t, string(encoders), "dst = m.In.appendObject(dst)\n")
}

// TestFieldsByProfile: a role that the page lacks, a value that full alone has, the keys of the engine among the data.
func TestFieldsByProfile(t *testing.T) {
	dir := folder(t, `
// Keys: the engine's (R7).
type Keys struct {
	Stage int64 `+"`json:\"stage,omitempty\" profile:\"full\"`"+` // stage
}

// Thing: something happened (3.1).
//
//event:call
type Thing struct {
	Keys
	Role     string `+"`json:\"role,omitempty\" profile:\"by-role\"`"+` // part (R3)
	FullRole string `+"`json:\"-\" full:\"role\"`"+` // elsewhere (R6)
	Attached Data   `+"`json:\"data\"`"+` // data
}
`)
	require.NoError(t, run(dir))
	encoders, err := os.ReadFile(filepath.Join(dir, "encode_gen.go"))
	require.NoError(t, err)
	require.Contains(t, string(encoders), `	dst = m.Keys.appendFields(dst, p)
	if text := textIn(p, roleIn(p, m.Role), m.FullRole); text != "" {
		dst = append(dst, `+"`,\"role\":\"`...)"+`
		dst = appendText(dst, text)
		dst = append(dst, `+"`\"`...)"+`
	}
	dst = append(dst, `+"`,\"data\":`...)"+`
	dst = m.Attached.appendWith(dst, &m.Keys, p)
`)
	catalogue, err := os.ReadFile(filepath.Join(dir, "catalogue_gen.go"))
	require.NoError(t, err)
	require.Contains(t, string(catalogue), `{"role", "string", Optional, "part; in full also elsewhere", "R3, R6"},`)
}

// TestRefusedStructs: what the generator cannot write it names, with what to do.
func TestRefusedStructs(t *testing.T) {
	for _, row := range []struct{ name, code, want string }{
		{"no comment", "type T struct{}", `the comment of T must read "T: what it tells (clause)."`},
		{"no clause", "// T: it.\ntype T struct{}", "the comment of T must read"},
		{"unknown group", "// T: it (R1).\n//\n//event:dog\ntype T struct{}", "names none of the groups"},
		{"unknown part", "// T: it (R1).\ntype T struct{ Part }", "embeds Part, which is not declared above it"},
		{"no tag", "// T: it (R1).\ntype T struct{ A string }", "field A has no json tag"},
		{"no meaning", "// T: it (R1).\ntype T struct {\nA string `json:\"a\"`\n}", "field A has no comment behind it"},
		{"unknown type", "// T: it (R1).\ntype T struct {\nA float64 `json:\"a\"` // a\n}", "type float64 has no encoder"},
		{"optional struct", "// T: it (R1).\ntype T struct {\nA string `json:\"a\"` // a\n" +
			"B Header `json:\"b,omitempty\"` // b\n}", "omitempty of type Header"},
		{"first optional", "// T: it (R1).\ntype T struct {\nA string `json:\"a,omitempty\"` // a\n}",
			"first field must always"},
		{"part behind", "// T: it (R1).\n//\n//event:call\ntype T struct {\nA string `json:\"a\"` // a\nHeader\n}",
			"embed Header above the fields"},
		{"full inside", "// I: in (R1).\ntype I struct {\nA string `json:\"a\"` // a\n" +
			"B string `json:\"b\" profile:\"full\"` // b\n}\n" +
			"// T: it (R1).\n//\n//event:call\ntype T struct {\nA I `json:\"a\"` // a\n}", "I has fields that a profile shapes"},
		{"moment inside", "// I: in (R1).\ntype I struct {\nA Moment `json:\"a\"` // a\n}\n" +
			"// T: it (R1).\n//\n//event:call\ntype T struct {\nA I `json:\"a\"` // a\n}", "I has fields that a profile shapes"},
		{"unknown profile", "// T: it (R1).\ntype T struct {\nA string `json:\"a\" profile:\"half\"` // a\n}", "neither full"},
		{"role always there", "// T: it (R1).\ntype T struct {\nA string `json:\"a\" profile:\"by-role\"` // a\n}",
			"only a string with omitempty can be left out"},
		{"stand-in alone", "// T: it (R1).\ntype T struct {\nA string `json:\"-\" full:\"a\"` // a\n}",
			`the field before it must have the key "a"`},
		{"stand-in for what is always there", "// T: it (R1).\ntype T struct {\nA string `json:\"a\"` // a\n" +
			"B string `json:\"-\" full:\"a\"` // b\n}", "stand in for a string with omitempty"},
		{"no Go", "type", "expected"},
	} {
		_, err := generate(folder(t, row.code+"\n"))
		require.ErrorContains(t, err, row.want, row.name)
	}
}
