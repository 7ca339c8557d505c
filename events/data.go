package events

import (
	"slices"
	"strconv"
)

// Pair is one key of attached data. JSON is the value as compact, valid JSON text.
type Pair struct {
	Key  string
	JSON string
}

// Data is attached data: ordered, each key at most once. Nil is the empty object.
// Who makes a Data vouches for the JSON of its values; it is written as it stands.
// No method changes the Data that it is called on, so one that a message holds may be shared.
type Data []Pair

// MaxDataBytes is the longest attached data of a call, as JSON.
const MaxDataBytes = 16 << 10

// MarshalJSON gives Data the shape that AppendJSON writes.
func (d Data) MarshalJSON() ([]byte, error) { return d.AppendJSON(nil), nil }

// AppendJSON appends the data as one JSON object.
func (d Data) AppendJSON(dst []byte) []byte {
	return append(d.appendPairs(append(dst, '{')), '}')
}

// appendWith appends the data and behind it the keys of the engine as one JSON object in the shape of profile p.
func (d Data) appendWith(dst []byte, keys *Keys, p Profile) []byte {
	dst = d.appendPairs(append(dst, '{'))
	if *keys != (Keys{}) {
		dst = keys.appendPairs(dst, len(d) > 0, p)
	}
	return append(dst, '}')
}

func (d Data) appendPairs(dst []byte) []byte {
	for i := range d {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, d[i].Key)
		dst = append(dst, ':')
		dst = append(dst, d[i].JSON...)
	}
	return dst
}

// Size is the length in bytes of what AppendJSON appends.
func (d Data) Size() int {
	size := len("{}") + max(0, len(d)-1)
	for i := range d {
		size += stringSize(d[i].Key) + len(":") + len(d[i].JSON)
	}
	return size
}

// Get returns the JSON text of key.
func (d Data) Get(key string) (json string, found bool) {
	if i := d.index(key); i >= 0 {
		return d[i].JSON, true
	}
	return "", false
}

// Set returns the data with key set to json: in its old place if it was there, else last.
func (d Data) Set(key, json string) Data {
	changed := slices.Clone(d)
	if i := d.index(key); i >= 0 {
		changed[i].JSON = json
		return changed
	}
	return append(changed, Pair{Key: key, JSON: json})
}

// Delete returns the data without key.
func (d Data) Delete(key string) Data {
	i := d.index(key)
	if i < 0 {
		return d
	}
	return slices.Delete(slices.Clone(d), i, i+1)
}

// Merge returns the data without the keys of remove and with every pair of changes set, and the keys whose value is
// then another than before, each once: those of remove first, then those of changes, in their order (R60). What stays
// keeps its place; what is new comes last. A write to a key of the engine (R8) and a result of more than MaxDataBytes
// are refused with a sentence for the client.
func (d Data) Merge(changes Data, remove ...string) (merged Data, changedKeys []string, err error) {
	written := append(changes.Keys(), remove...)
	for _, key := range written {
		if Reserved(key) {
			return d, nil, refusal("the key " + key + " belongs to the engine: leave it out")
		}
	}
	removed := make(map[string]bool, len(remove))
	for _, key := range remove {
		removed[key] = true
	}
	places := make(map[string]int, len(d)+len(changes))
	for _, p := range d {
		if !removed[p.Key] {
			merged = merged.put(places, p)
		}
	}
	for _, p := range changes {
		merged = merged.put(places, p)
	}
	if merged.Size() > MaxDataBytes {
		return d, nil, refusal("attachedData would be longer than " + strconv.Itoa(MaxDataBytes) + " bytes: remove keys")
	}
	return merged, d.changedKeys(merged, append(remove[:len(remove):len(remove)], changes.Keys()...)), nil
}

// Keys lists the keys in their order.
func (d Data) Keys() []string {
	keys := make([]string, 0, len(d))
	for i := range d {
		keys = append(keys, d[i].Key)
	}
	return keys
}

// changedKeys are those of keys, each once, whose value in after is another than in d.
func (d Data) changedKeys(after Data, keys []string) (changed []string) {
	before, now := d.byKey(), after.byKey()
	seen := make(map[string]bool, len(keys))
	for _, key := range keys {
		old, had := before[key]
		value, has := now[key]
		if (old != value || had != has) && !seen[key] {
			changed = append(changed, key)
		}
		seen[key] = true
	}
	return changed
}

func (d Data) byKey() map[string]string {
	all := make(map[string]string, len(d))
	for i := range d {
		all[d[i].Key] = d[i].JSON
	}
	return all
}

// refusal is a sentence for the client.
type refusal string

func (r refusal) Error() string { return string(r) }

func (d Data) index(key string) int {
	return slices.IndexFunc(d, func(p Pair) bool { return p.Key == key })
}

// put sets p in d itself, which must be nobody else's; places knows where each key of d is.
func (d Data) put(places map[string]int, p Pair) Data {
	if i, is := places[p.Key]; is {
		d[i].JSON = p.JSON
		return d
	}
	places[p.Key] = len(d)
	return append(d, p)
}
