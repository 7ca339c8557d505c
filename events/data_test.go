package events

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func order(keys ...string) Data {
	var d Data
	for _, key := range keys {
		d = append(d, Pair{key, mustJSON("old " + key)})
	}
	return d
}

// TestReservedKeys proves R8: the keys of the engine, and only they. The first six are the page's own; consultCause is
// R10's, whisperMode tells of RequestWhisper (protocol.md 4).
func TestReservedKeys(t *testing.T) {
	require.ElementsMatch(t, []string{
		"consultStage", "consulting", "intercept_cause", "bargein_cause", "loginState", "NoCallReasonCode",
		"consultCause", "whisperMode",
	}, ReservedKeys)
	for _, key := range ReservedKeys {
		require.True(t, Reserved(key), key)
	}
	for _, key := range []string{"", "orderID", "campaignID", "ConsultStage", "to_customer_ani", "_key1"} {
		require.False(t, Reserved(key), key)
	}
}

func TestDataGet(t *testing.T) {
	d := Data{{"a", "1"}, {"b", `"x"`}}
	value, found := d.Get("b")
	require.True(t, found)
	require.Equal(t, `"x"`, value)
	_, found = d.Get("c")
	require.False(t, found)
	_, found = Data(nil).Get("")
	require.False(t, found)
}

// TestDataStaysAsItWas: a message may still hold the data that a change starts from.
func TestDataStaysAsItWas(t *testing.T) {
	d := append(make(Data, 0, 8), order("a", "b")...)
	require.Equal(t, Data{{"a", "1"}, {"b", `"old b"`}}, d.Set("a", "1"))
	require.Equal(t, Data{{"a", `"old a"`}, {"b", `"old b"`}, {"c", "2"}}, d.Set("c", "2"))
	require.Equal(t, Data{{"b", `"old b"`}}, d.Delete("a"))
	require.Equal(t, order("a", "b"), d.Delete("z"))
	merged, _, err := d.Merge(Data{{"a", "3"}, {"d", "4"}}, "b")
	require.NoError(t, err)
	require.Equal(t, Data{{"a", "3"}, {"d", "4"}}, merged)
	require.Equal(t, order("a", "b"), d)
	require.Equal(t, Pair{}, d[:3][2], "the spare room was written to")
}

// TestMergeTellsChangedKeys proves R60: which keys are then other than before, each once.
func TestMergeTellsChangedKeys(t *testing.T) {
	for _, row := range []struct {
		name    string
		changes Data
		remove  []string
		want    Data
		changed []string
	}{
		{"nothing", nil, nil, order("a", "b"), nil},
		{"the same value", order("b"), nil, order("a", "b"), nil},
		{"a new key", order("c"), nil, order("a", "b", "c"), []string{"c"}},
		{"another value", Data{{"a", "1"}}, nil, Data{{"a", "1"}, {"b", `"old b"`}}, []string{"a"}},
		{"removed", nil, []string{"a", "a"}, order("b"), []string{"a"}},
		{"removed but never there", nil, []string{"z"}, order("a", "b"), nil},
		{"set and removed and set", Data{{"c", "1"}, {"a", "2"}}, []string{"a"},
			Data{{"b", `"old b"`}, {"c", "1"}, {"a", "2"}}, []string{"a", "c"}},
		{"removed and set to the same", order("a"), []string{"a"}, order("b", "a"), nil},
		{"the empty string is a value", Data{{"a", ""}}, nil, Data{{"a", ""}, {"b", `"old b"`}}, []string{"a"}},
		{"twice in one change", Data{{"c", "1"}, {"c", "2"}}, nil, append(order("a", "b"), Pair{"c", "2"}), []string{"c"}},
	} {
		merged, changed, err := order("a", "b").Merge(row.changes, row.remove...)
		require.NoError(t, err)
		require.Equal(t, row.want, merged, row.name)
		require.Equal(t, row.changed, changed, row.name)
	}
	merged, changed, err := Data(nil).Merge(order("a"))
	require.NoError(t, err)
	require.Equal(t, order("a"), merged)
	require.Equal(t, []string{"a"}, changed)
	require.Equal(t, []string{"a", "b"}, order("a", "b").Keys())
}

// TestMergeRefusals proves R8 and the bound: what is refused changes nothing, and a sentence says why.
func TestMergeRefusals(t *testing.T) {
	before := order("a", "b")
	for _, key := range ReservedKeys {
		for _, write := range []func() (Data, []string, error){
			func() (Data, []string, error) { return before.Merge(Data{{"c", "1"}, {key, "1"}}) },
			func() (Data, []string, error) { return before.Merge(order("c"), "a", key) },
		} {
			merged, changed, err := write()
			require.EqualError(t, err, "the key "+key+" belongs to the engine: leave it out")
			require.Equal(t, before, merged)
			require.Empty(t, changed)
		}
	}
	room := MaxDataBytes - before.Size() - len(`,"c":""`)
	merged, changed, err := before.Merge(Data{{"c", mustJSON(strings.Repeat("x", room))}})
	require.NoError(t, err)
	require.Equal(t, []string{"c"}, changed)
	require.Equal(t, 16<<10, merged.Size())
	merged, changed, err = before.Merge(Data{{"c", mustJSON(strings.Repeat("x", room+1))}})
	require.EqualError(t, err, "attachedData would be longer than 16384 bytes: remove keys")
	require.Equal(t, before, merged)
	require.Empty(t, changed)
	_, _, err = before.Merge(Data{{"c", mustJSON(strings.Repeat("x", room+1))}}, "a")
	require.NoError(t, err, "what is removed makes room")
}

// FuzzData writes data as encoding/json writes each key and value, in its order, and measures it right.
func FuzzData(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x03\x05ab\"\xffc\x01\x02\x01\x02\x04key2\x03\x04text\x06\xe2\x80\xa8xyz\x02\x03abc\x02de"))
	f.Fuzz(func(t *testing.T, data []byte) {
		source := &bytesLeft{data: data}
		d := source.attached()
		var members []string
		for _, p := range d {
			members = append(members, byEncodingJSON(p.Key)+":"+p.JSON)
		}
		want := "{" + strings.Join(members, ",") + "}"
		require.Equal(t, want, string(d.AppendJSON(nil)))
		require.Equal(t, want, byEncodingJSON(d), "encoding/json finds it valid and compact")
		require.Equal(t, len(want), d.Size())
	})
}

func TestDataSize(t *testing.T) {
	require.Equal(t, len(`{}`), Data(nil).Size())
	require.Equal(t, len(`{"a":1}`), Data{{"a", "1"}}.Size())
	require.Equal(t, len(`{"a":1,"b\n":"x"}`), Data{{"a", "1"}, {"b\n", `"x"`}}.Size())
}
