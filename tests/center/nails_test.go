package center

import (
	"strings"

	"modcti/engine"
)

// nails are the legs that stay up between the calls of an agent, as far as the engine has been told of them.
type nails struct {
	owner map[engine.LegID]string // the agent's uuid
	idle  map[engine.LegID]bool   // it waits for a call
	waits map[uint64]engine.LegID // commands that park one after a call
}

func (n *nails) idleOf(uuid string) bool {
	for leg := range n.idle {
		if n.owner[leg] == uuid {
			return true
		}
	}
	return false
}

// rises: an agent has one such leg.
func (n *nails) rises(leg engine.LegID, l *ledger) {
	if n.idle[leg] {
		return
	}
	if n.idleOf(n.owner[leg]) {
		l.breaks("agent %s has two legs that stay up", n.owner[leg])
	}
	n.idle[leg] = true
}

// look follows what the engine is told of the legs, and what it has the switch do with them.
func (n *nails) look(in *engine.Input, l *ledger) {
	switch in.Kind {
	case engine.LegHangup, engine.LegEnded:
		delete(n.idle, in.Leg)
	case engine.LegAnswered:
		if n.owner[in.Leg] != "" {
			n.rises(in.Leg, l)
		}
	case engine.CommandDone:
		if leg, parks := n.waits[in.Command]; parks && in.Cause == engine.CauseNone {
			n.rises(leg, l)
		}
		delete(n.waits, in.Command)
	}
	parked := map[engine.LegID]bool{}
	for _, c := range l.w.out.Commands {
		switch c.Kind {
		case engine.CommandOriginate:
			for uuid := range l.agents {
				if c.Name == engine.OriginateKept && c.CallID == "nailed-"+engine.LegIDOf(uuid).Hex() {
					n.owner[c.Leg] = uuid
				}
			}
		case engine.CommandSetVariable:
			parked[c.Leg] = c.Name == "cti_call_id" && strings.HasPrefix(c.Value, "nailed-")
			if !parked[c.Leg] {
				delete(n.idle, c.Leg)
			}
		case engine.CommandWait:
			if parked[c.Leg] {
				n.waits[c.ID] = c.Leg
			}
		case engine.CommandHangup:
			delete(n.idle, c.Leg)
		}
	}
}
