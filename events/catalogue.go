package events

// Group says what a message is about.
type Group string

// The groups of messages.
const (
	GroupCall     Group = "call"     // a call or a party of it
	GroupAgent    Group = "agent"    // an agent
	GroupError    Group = "error"    // a refused request
	GroupProtocol Group = "protocol" // the connection itself
)

// Entry describes one message.
type Entry struct {
	Object // its Name is the messageID
	Group  Group
	OnPage bool // call-events.txt shows it, so that profile Basic has it
}

// Object describes a message, a part that messages share, or an object inside messages.
type Object struct {
	Name    string
	Meaning string
	Clause  string    // where it is decided: R1 a ruling, 3.1 a clause of the call model, or the page named
	Parts   []*Object // parts whose fields stand in front of its own
	Fields  []Field
}

// Field describes one field.
type Field struct {
	Key      string
	Type     string // string, integer, boolean, object; the name of an Object; with [] an array, with ? also null
	Presence Presence
	Meaning  string
	Clause   string
}

// Presence says when a field is written.
type Presence string

// When a field is written; optional ones are left out when empty, 0 or false.
const (
	Always       Presence = "always"
	Optional     Presence = "optional"
	FullOnly     Presence = "full"           // always, in profile Full alone
	FullOptional Presence = "full, optional" // in profile Full alone
)

// Find returns the entry of a messageID, or nil if there is no such message.
func Find(messageID string) *Entry {
	for i := range Catalogue {
		if Catalogue[i].Name == messageID {
			return &Catalogue[i]
		}
	}
	return nil
}

// AllFields returns the fields behind messageID in the order of the wire, those of the parts among them.
func (o *Object) AllFields() []Field {
	var all []Field
	for _, part := range o.Parts {
		all = append(all, part.AllFields()...)
	}
	return append(all, o.Fields...)
}
