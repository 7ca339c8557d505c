package events

// Pair is one key of attached data. JSON is the value as compact, valid JSON text.
type Pair struct {
	Key  string
	JSON string
}

// Data is attached data: ordered, each key at most once. Nil is the empty object.
// Who makes a Data vouches for the JSON of its values; it is written as it stands.
type Data []Pair

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
