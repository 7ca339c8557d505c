package sim

import "modcti/engine"

// Channel is what a channel of the switch is in, for tests that ask who hears whom.
type Channel struct {
	ID      engine.LegID
	CallID  string // variable cti_call_id
	Number  string // of the phone at its far end
	Ringing bool   // or early
	Talking bool   // answered
	Partner engine.LegID
	Waits   string   // what it hears while it waits: one of engine.Wait*
	Said    []string // and has been told, if that is a queue
	Room    string
	Hears   engine.LegID // whom it eavesdrops
	HeardBy string       // and who hears it: one of engine.HeardBy*
	Held    bool
	Muted   bool
	Digits  string   // that it has been sent
	Records []string // files
	Paused  []string // those of them that silence is recorded into
}

// Channels returns every channel that is up and has not begun to end, in no particular order.
func (s *Switch) Channels() []Channel {
	all := make([]Channel, 0, len(s.live))
	for _, l := range s.live {
		if l.ending {
			continue
		}
		c := Channel{
			ID: l.id, CallID: l.text.CTICallID, Number: l.text.Destination, Talking: l.talking,
			Ringing: (l.ringing || l.early) && !l.talking, Waits: l.sound, Said: l.said, Room: l.room, HeardBy: l.heardBy,
			Held: l.callState == engine.CallStateHeld, Muted: l.muted, Digits: l.digits,
		}
		if l.direction == engine.DirectionInbound {
			c.Number = l.text.CallerNumber
		}
		if l.partner != nil {
			c.Partner = l.partner.id
		}
		if l.heard != nil {
			c.Hears = l.heard.id
		}
		for _, file := range l.files {
			c.Records = append(c.Records, file.path)
			if file.paused {
				c.Paused = append(c.Paused, file.path)
			}
		}
		all = append(all, c)
	}
	return all
}
