package engine

// LegIDOf computes what cti_leg_id of cgo/cti_ring.h computes: the value of a canonical uuid, else two FNV-1a hashes.
func LegIDOf(uuid string) (id LegID) {
	if parseUUID(uuid, &id) {
		return id
	}
	const prime = 0x100000001b3
	a, b := uint64(0xcbf29ce484222325), uint64(0x9ae16a3b2f90404f)
	for i := 0; i < len(uuid); i++ {
		a = (a ^ uint64(uuid[i])) * prime
		b = (b ^ uint64(uuid[i])) * prime
	}
	for i := range 8 {
		id[i], id[8+i] = byte(a>>(56-8*i)), byte(b>>(56-8*i))
	}
	return id
}

func parseUUID(uuid string, id *LegID) bool {
	if len(uuid) != 36 {
		return false
	}
	nibbles := 0
	for i := range 36 {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if uuid[i] != '-' {
				return false
			}
			continue
		}
		v, ok := hexValue(uuid[i])
		if !ok {
			return false
		}
		id[nibbles/2] = id[nibbles/2]<<4 | v
		nibbles++
	}
	return true
}

func hexValue(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}

// Hex is the id as 32 lower-case hex digits (R57).
func (id LegID) Hex() string {
	var text [32]byte
	for i, b := range id {
		text[2*i], text[2*i+1] = hexDigits[b>>4], hexDigits[b&15]
	}
	return string(text[:])
}

// callKey turns a call's id into a key: the value of 32 hex digits, as ids of calls are, else a hash.
func callKey(id string) (key LegID) {
	if len(id) != 32 {
		return LegIDOf(id)
	}
	for i := range 32 {
		v, ok := hexValue(id[i])
		if !ok {
			return LegIDOf(id)
		}
		key[i/2] = key[i/2]<<4 | v
	}
	return key
}

// callNamed finds a live call; nil for an empty or unknown id.
func (e *Engine) callNamed(id string) *call {
	if id == "" {
		return nil
	}
	return e.calls.get(callKey(id))
}

// IsZero tells that no leg is named.
func (id LegID) IsZero() bool { return id == LegID{} }
