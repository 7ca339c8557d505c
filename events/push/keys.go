package push

import (
	"crypto/sha256"
	"encoding/json"
	"sync"
	"time"

	"modcti/engine"
)

// keyName is a requestKey with whose it is.
type keyName struct{ principal, company, key string }

// keySubject is what a request asks for: a key that comes again must come with the same.
type keySubject struct {
	name string
	sum  [sha256.Size]byte // of all its fields
}

func subjectOf(r *request) keySubject {
	about := r.engine
	about.ReferenceID = 0 // a repeat may have another
	text, _ := json.Marshal(&about)
	return keySubject{r.name, sha256.Sum256(text)}
}

// keyed is a request with a requestKey, and its answer once there is one (protocol.md 3).
type keyed struct {
	name     keyName
	subject  keySubject
	owner    engine.ClientID
	at       time.Time
	answered bool
	answer   []byte // a line; empty if the asker's profile has no event that answers
	repeats  []repeat
	replaced bool // no longer in the map
}

// repeat is a request that waits for the answer to the first one with its key.
type repeat struct {
	client    *client
	reference int64
}

// keyStore makes requests with a key happen at most once in keyLife, across reconnects. It is bounded in number and in
// bytes; past a bound the oldest are forgotten.
type keyStore struct {
	mu     sync.Mutex
	keys   map[keyName]*keyed
	order  []*keyed // oldest first
	answer int      // bytes of all answers
}

// keyVerdict says what to do with a request that has a key.
type keyVerdict uint8

const (
	keyFirst    keyVerdict = iota // carry it out
	keyAnswered                   // the first answer is there
	keyWaits                      // the first answer will come
	keyConflict                   // the key belongs to another request
)

// claim looks a key up and makes it the request's if it is new. A request whose effect lives in its connection is new
// on a new connection: there the first answer's state would not meet the stream.
func (k *keyStore) claim(name keyName, subject keySubject, from repeat, bound bool, now time.Time) (
	*keyed, keyVerdict,
) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.expire(now)
	entry := k.keys[name]
	switch {
	case entry == nil:
	case entry.subject != subject:
		return entry, keyConflict
	case bound && entry.owner != from.client.id:
		k.remove(entry)
	case entry.answered:
		return entry, keyAnswered
	default:
		entry.repeats = append(entry.repeats, from)
		return entry, keyWaits
	}
	entry = &keyed{name: name, subject: subject, owner: from.client.id, at: now}
	if k.keys == nil {
		k.keys = make(map[keyName]*keyed)
	}
	k.keys[name] = entry
	k.order = append(k.order, entry)
	return entry, keyFirst
}

// settle keeps an answer, a line, and returns who else waits for it.
func (k *keyStore) settle(entry *keyed, line []byte) []repeat {
	k.mu.Lock()
	defer k.mu.Unlock()
	repeats := entry.repeats
	entry.repeats, entry.answered = nil, true
	if !entry.replaced {
		entry.answer = append([]byte(nil), line...)
		k.answer += len(line)
		k.expire(entry.at)
	}
	return repeats
}

// cancel forgets a request that was not carried out, and returns who else waits for its answer.
func (k *keyStore) cancel(entry *keyed) []repeat {
	k.mu.Lock()
	defer k.mu.Unlock()
	repeats := entry.repeats
	entry.repeats = nil
	k.remove(entry)
	return repeats
}

func (k *keyStore) remove(entry *keyed) {
	if entry.replaced {
		return
	}
	entry.replaced = true
	k.answer -= len(entry.answer)
	if k.keys[entry.name] == entry {
		delete(k.keys, entry.name)
	}
}

// expire forgets what is too old, and the oldest when there is too much.
func (k *keyStore) expire(now time.Time) {
	for len(k.order) > 0 {
		oldest := k.order[0]
		if !oldest.replaced && now.Sub(oldest.at) < keyLife && len(k.order) <= keysMax && k.answer <= keyAnswerBytes {
			return
		}
		k.remove(oldest)
		k.order[0] = nil
		k.order = k.order[1:]
	}
}
