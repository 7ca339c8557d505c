package fs_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// TestCenterReloadUnderOperations: the module is loaded anew while an operation is under way, which the new engine knows nothing of.
// Nobody is left alone and no phone rings for nobody; whoever talks talks on, who waits is joined with whom he waits for or hung up,
// and each call has one record (architecture 11).
func TestCenterReloadUnderOperations(t *testing.T) {
	t.Parallel()
	c := startCenter(t, func(*lab.Switch) string { return centerConfig("", "", "", "") })
	phones := map[string]lab.Phone{}
	for _, dn := range desks {
		phones[dn] = lab.Phone{Tone: tones[dn]}
	}
	c.putPhones(phones)
	for _, r := range reloads {
		t.Run(r.name, func(t *testing.T) {
			local, rig := *c, *c.rig
			local.rig, rig.t, rig.ctx = &rig, t, t.Context()
			local.heard, local.matched = new([]heardEvent), 0
			local.open(desks...)
			before := c.count("call")
			r.begin(&local)
			local.api("unload mod_cti")
			if r.away != nil {
				r.away(&local)
			}
			local.api("load mod_cti")
			local.open(desks...)
			r.then(&local)
			local.quiet()
			local.closed("call")
			local.closed("party")
			require.EqualValues(t, before+1, local.count("call"), "one record a call: %v", local.query("select * from call"))
			require.Zero(t, local.count("call where end_reason != 'normal'"), "%v", local.query("select * from call"))
		})
	}
}

var desks = []string{"1001", "1002", "1003"}

// underOperation is what is begun, what happens while the module is away, and what must come of it.
type underOperation struct {
	name  string
	begin func(c *center)
	away  func(c *center)
	then  func(c *center)
}

var reloads = []underOperation{
	{"his own phone rings", callsOut, nil, func(*center) {}},
	{"his own phone is picked up meanwhile", callsOut, func(c *center) { c.answer("1001") }, func(*center) {}},
	{"whom he calls rings", func(c *center) {
		callsOut(c)
		c.answer("1001")
		c.told("Ringing 1002")
	}, nil, func(c *center) {
		c.answer("1002")
		c.talk("1001", "1002")
		c.hangUp("1002")
	}},
	{"transferred to a phone that rings", transfers, nil, func(c *center) {
		c.answer("1002")
		c.talk(outside, "1002")
		c.hangUp(outside)
	}},
	{"transferred to a phone that is picked up meanwhile", transfers, func(c *center) { c.answer("1002") }, func(c *center) {
		c.talk(outside, "1002")
		c.hangUp("1002")
	}},
	{"transferred to a phone that refuses meanwhile", transfers, func(c *center) { c.refuse("1002") }, func(*center) {}},
	{"who is consulted rings", consults, nil, func(c *center) {
		c.channels(2)
		c.talk(outside, "1001")
		c.hangUp("1001")
	}},
	{"who is consulted talks", consultTalks, nil, func(c *center) {
		c.talk("1001", "1002")
		c.hears(map[string]string{outside: "music"})
		c.hangUp("1002")
		c.talk(outside, "1001")
		c.hangUp(outside)
	}},
	{"who consults hangs up later", consultTalks, nil, func(c *center) {
		c.talk("1001", "1002")
		c.hangUp("1001")
	}},
	{"a supervisor's phone rings", func(c *center) {
		takesCall(c)
		c.ask("BargeIn", "1003", "thirdDN", "1001")
	}, nil, func(c *center) {
		c.channels(2)
		c.talk(outside, "1001")
		c.hangUp(outside)
	}},
	{"they confer", func(c *center) {
		consultTalks(c)
		c.ask("CompleteConference", "1001")
		c.hears(map[string]string{outside: "1001 1002"})
	}, nil, func(c *center) {
		c.hears(map[string]string{outside: "1001 1002", "1001": outside + " 1002"})
		c.hangUp("1002")
		c.talk(outside, "1001")
		c.hangUp("1001")
	}},
}

func callsOut(c *center) {
	reference, err := c.asker.Post("RequestMakeCall", lab.Fields{"thisDN": "1001", "otherDN": "1002"})
	require.NoError(c.t, err, reference)
	c.told("Dialing 1001")
	c.reached("1001", "rings")
}

func takesCall(c *center) {
	c.caller("1001")
	c.told("Ringing 1001")
	c.answer("1001")
	c.told("Established 1001")
	c.talk(outside, "1001") // the switch ends who is moved before he has looked for the other
}

func transfers(c *center) {
	takesCall(c)
	c.ask("SingleStepTransfer", "1001", "otherDN", "1002")
	c.told("Ringing 1002")
}

func consults(c *center) {
	takesCall(c)
	c.ask("InitiateConsult", "1001", "otherDN", "1002")
	c.told("Ringing 1002")
}

func consultTalks(c *center) {
	consults(c)
	c.answer("1002")
	c.told("Established 1002")
	c.talk("1001", "1002")
}

// talk waits until two hear each other, and nobody else.
func (c *center) talk(one, other string) {
	c.t.Helper()
	c.hears(map[string]string{one: other, other: one})
}

// channels waits until so many channels are up.
func (c *center) channels(count int) {
	c.t.Helper()
	c.until("the others to be gone", func() bool {
		return strings.HasPrefix(c.try("show channels count"), fmt.Sprintf("\n%d total", count))
	})
}
