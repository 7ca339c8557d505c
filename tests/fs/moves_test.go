package fs_test

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// TestMoves does to live calls what agents and applications do: transfers, consults, pick-ups, supervision, rooms,
// holds, mutes, records, digits. Whatever happens to a call: what is told keeps the rules of 3.0, nobody is told of
// twice or left behind, and its record is closed, once.
func TestMoves(t *testing.T) {
	t.Parallel()
	r := startRig(t, lab.Options{})
	for _, m := range moves() {
		t.Run(m.name, func(t *testing.T) {
			local := *r
			local.t, local.ctx = t, t.Context()
			local.move(m)
		})
	}
}

// move is something done to the call between outside and 1001; the hands get the two channels.
type move struct {
	name  string
	do    func(r *rig, customer, agent string)
	phone lab.Phone // at 1001
	told  []string  // lines that must be among what is told, in this order
	calls int       // how many calls there are in the end; 0 = 1
}

func (r *rig) move(m move) {
	r.fresh()
	if m.phone == (lab.Phone{}) {
		m.phone = lab.Answers(100 * ms)
	}
	defer r.phone("1001", m.phone).Stop()
	for _, dn := range []string{"1002", "1003"} {
		defer r.phone(dn, lab.Answers(100*ms)).Stop()
	}
	r.call(fromOutside)
	customer := r.next(is("EventDialing", outside))
	agent := r.next(is("EventEstablished", "1001"))
	if m.do != nil {
		// The talk is told before the switch has noted on both channels whom they are joined with, and has sent the called
		// one there: it would undo what is done to that one until then.
		r.until("the switch to know its own bridge", func() bool {
			return r.try("uuid_getvar "+leg(customer.PartyID)+" bridge_uuid") == leg(agent.PartyID) &&
				r.try("uuid_getvar "+leg(agent.PartyID)+" bridge_uuid") == leg(customer.PartyID) &&
				strings.Contains(r.try("uuid_dump "+leg(agent.PartyID)), "Channel-State: CS_EXCHANGE_MEDIA")
		})
		m.do(r, leg(customer.PartyID), leg(agent.PartyID))
	}
	r.try("hupall NORMAL_CLEARING")
	story := r.story(max(m.calls, 1))
	r.requireWhole(story)
	got := tellAll(story)
	at := 0
	for _, line := range m.told {
		found := slices.IndexFunc(got[at:], func(s string) bool { return strings.HasPrefix(s, line) })
		require.GreaterOrEqual(r.t, found, 0, "%q is missing or too early in\n%s", line, written(story))
		at += found + 1
	}
	r.quiet()
	require.Empty(r.t, r.query("select * from call where open = 1"))
	require.Empty(r.t, r.query("select * from party where open = 1"))
}

// originate calls a phone and returns its channel once it has answered and does what it is there for.
func (r *rig) originate(variables, target, application string) string {
	uuid := newUUID()
	r.api(fmt.Sprintf("originate {origination_uuid=%s,%s}%s %s", uuid, variables, target, application))
	return uuid
}

func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// established waits until a DN talks.
func (r *rig) established(dn string) { r.next(is("EventEstablished", dn)) }

func moves() []move {
	return []move{{
		name: "blind transfer by the API",
		do: func(r *rig, customer, _ string) {
			r.api("uuid_transfer " + customer + " 1002 XML default")
			r.established("1002")
		},
		told: []string{"Released 1001", "Established 1002", "CallDeleted"},
	}, {
		name:  "blind transfer by REFER",
		phone: lab.Phone{Ring: 100 * ms, Then: "refer", Pause: 300 * ms, Refer: "1002"},
		do:    func(r *rig, _, _ string) { r.established("1002") },
		told:  []string{"Established 1001", "Established 1002", "CallDeleted"},
	}, {
		name: "consult, then bridged over",
		do: func(r *rig, customer, agent string) {
			r.api("uuid_transfer " + customer + " -both park inline")
			for _, uuid := range []string{customer, agent} {
				r.until("both to be parked", func() bool { return r.try("uuid_getvar "+uuid+" current_application") == "park" })
			}
			consulted := r.originate("ignore_early_media=true", "user/1002@127.0.0.1", "&park()")
			r.api("uuid_bridge " + agent + " " + consulted)
			r.established("1002")
			r.api("uuid_bridge " + customer + " " + consulted)
			r.next(is("EventReleased", "1001"))
		},
		told: []string{"Established 1001", "Established 1002", "CallDeleted"},
	}, {
		name: "intercept",
		do: func(r *rig, customer, _ string) {
			r.originate("ignore_early_media=true", "user/1003@127.0.0.1", "&intercept("+customer+")")
			r.next(is("EventReleased", "1001"))
			if !slices.ContainsFunc(*r.heard, is("EventEstablished", "1003")) {
				r.established("1003") // told before or after who had him is told to be parted
			}
		},
		told: []string{"Established 1001", "Released 1001", "Established 1003", "CallDeleted"},
	}, {
		name: "eavesdrop, the supervisor leaves",
		do: func(r *rig, _, agent string) {
			supervisor := r.originate("ignore_early_media=true", "user/1003@127.0.0.1", "&eavesdrop("+agent+")")
			r.established("1003")
			r.api("uuid_kill " + supervisor)
			r.next(is("EventReleased", "1003"))
		},
		told: []string{"Established 1001", "Established 1003", "Released 1003", "CallDeleted"},
	}, {
		name: "eavesdrop, the agent hangs up first",
		do: func(r *rig, _, agent string) {
			r.originate("ignore_early_media=true", "user/1003@127.0.0.1", "&eavesdrop("+agent+")")
			r.established("1003")
			r.api("uuid_kill " + agent)
			r.next(is("EventReleased", "1001"))
		},
		told: []string{"Established 1003", "Released", "CallDeleted"},
	}, {
		name: "three in a conference",
		do: func(r *rig, customer, _ string) {
			r.api("uuid_transfer " + customer + " -both 3001 XML default")
			third := r.originate("ignore_early_media=true", "user/1002@127.0.0.1", "&conference(3001@default)")
			r.until("three members", func() bool { return r.try("conference 3001 get count") == "3" })
			r.next(is("EventPartyAdded", "1001")) // the switch counts a member before he is told of
			r.api("uuid_kill " + third)
		},
		told: []string{
			"Established 1001", "Established 1002", "PartyAdded 13800138000 with 1002", "PartyAdded 1001 with 1002", "CallDeleted",
		},
	}, {
		name: "hold by the API",
		do: func(r *rig, _, agent string) {
			r.api("uuid_hold " + agent)
			r.until("the hold to be recorded", func() bool { return r.holds() == 1 })
			r.api("uuid_hold off " + agent)
		},
		told: []string{"Established 1001", "CallDeleted"},
	}, {
		name: "muted, recorded, digits sent",
		do: func(r *rig, customer, agent string) {
			r.api("uuid_audio " + agent + " start read mute -4")
			r.api("uuid_record " + customer + " start " + r.Path("recordings", "a.wav"))
			r.api("uuid_send_dtmf " + agent + " 12#")
			r.api("uuid_record " + customer + " stop all")
			r.api("uuid_audio " + agent + " stop")
		},
		told: []string{"Established 1001", "CallDeleted"},
	}, {
		name: "the switch gives the call up",
		do: func(r *rig, customer, _ string) {
			r.api("uuid_kill " + customer + " MEDIA_TIMEOUT")
		},
		told: []string{"Established 1001", "Released", "CallDeleted"},
	}}
}

func (r *rig) holds() int {
	return len(r.query("select * from party_state where state = 'Held' and party_id in (select party_id from party where open = 1)"))
}
