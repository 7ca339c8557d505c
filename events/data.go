package events

import "slices"

// Pair is one key of attached data. JSON is the value as compact, valid JSON text.
type Pair struct {
	Key  string
	JSON string
}

// Data is attached data: ordered, each key at most once. Nil is the empty object.
// Who makes a Data vouches for the JSON of its values; it is written as it stands.
// No method changes the Data that it is called on, so one that a message holds may be shared.
type Data []Pair

// Keys of attached data that belong to the engine; a client's write to them is refused (R8).
const (
	KeyConsultStage     = "consultStage"
	KeyConsulting       = "consulting"
	KeyInterceptCause   = "intercept_cause"
	KeyBargeinCause     = "bargein_cause"
	KeyLoginState       = "loginState"
	KeyNoCallReasonCode = "NoCallReasonCode"
)

// Reserved tells whether key belongs to the engine, so that no client may write it (R8).
func Reserved(key string) bool {
	switch key {
	case KeyConsultStage, KeyConsulting, KeyInterceptCause, KeyBargeinCause, KeyLoginState, KeyNoCallReasonCode:
		return true
	}
	return false
}

// MarshalJSON gives Data the shape that AppendJSON writes.
func (d Data) MarshalJSON() ([]byte, error) { return d.AppendJSON(nil), nil }

// AppendJSON appends the data as one JSON object.
func (d Data) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	for i := range d {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, d[i].Key)
		dst = append(dst, ':')
		dst = append(dst, d[i].JSON...)
	}
	return append(dst, '}')
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
	changed.put(key, json)
	return changed
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
// then another than before, each once: those of remove first, then those of changes, in their order (R60).
func (d Data) Merge(changes Data, remove ...string) (merged Data, changedKeys []string) {
	merged = slices.DeleteFunc(slices.Clone(d), func(p Pair) bool { return slices.Contains(remove, p.Key) })
	for _, p := range changes {
		merged.put(p.Key, p.JSON)
	}
	note := func(key string) {
		before, had := d.Get(key)
		after, has := merged.Get(key)
		if (before != after || had != has) && !slices.Contains(changedKeys, key) {
			changedKeys = append(changedKeys, key)
		}
	}
	for _, key := range remove {
		note(key)
	}
	for _, p := range changes {
		note(p.Key)
	}
	return merged, changedKeys
}

func (d Data) index(key string) int {
	return slices.IndexFunc(d, func(p Pair) bool { return p.Key == key })
}

// put changes d itself, which must be nobody else's.
func (d *Data) put(key, json string) {
	if i := d.index(key); i >= 0 {
		(*d)[i].JSON = json
		return
	}
	*d = append(*d, Pair{Key: key, JSON: json})
}
