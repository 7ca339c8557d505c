package fs_test

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
	"modcti/tests/scenario"
)

// TestControl drives every request of protocol.md 4, and what phones do by themselves: what is told, in both profiles, and
// who hears whom. There are as many switches as desks, each with a part of it.
func TestControl(t *testing.T) {
	const desks = 3
	for first := range desks {
		var groups []scenario.Group
		for i := first; i < len(scenario.Groups); i += desks {
			groups = append(groups, scenario.Groups[i])
		}
		t.Run(fmt.Sprint("desk ", first+1), func(t *testing.T) {
			t.Parallel()
			scenario.Play(t, startDesk(t), groups...)
		})
	}
}

// desk is a rig with phones that do what they are told, as the scenarios want it.
type desk struct {
	*rig
	seconds map[string]*lab.SIPp // the second call of a phone that makes one by itself
}

var _ scenario.Switch = (*desk)(nil)

// startDesk starts a switch with phones that ring until they are told otherwise.
func startDesk(t *testing.T) *desk {
	t.Helper()
	quick := settings(lab.Setting{Name: "requests-per-second", Value: "1000"},
		lab.Setting{Name: "record-template", Value: "$${recordings_dir}/${strftime(%Y-%m-%d-%H-%M-%S)}.${uuid}.wav"})
	d := &desk{startRig(t, lab.Options{Settings: quick}), map[string]*lab.SIPp{}}
	d.client.Close()
	d.putPhones(append([]string{abroad}, scenario.Extensions...))
	return d
}

// putPhones puts a phone at each DN, all at once.
func (d *desk) putPhones(dns []string) {
	d.t.Helper()
	phones, errs := make([]*lab.SIPp, len(dns)), make([]error, len(dns))
	var wait sync.WaitGroup
	for i, dn := range dns {
		wait.Go(func() {
			ctx, cancel := d.soon()
			defer cancel()
			phones[i], errs[i] = d.Phones(ctx, scenarios, dn, speaking(dn, lab.Phone{}))
		})
	}
	wait.Wait()
	for i, dn := range dns {
		require.NoError(d.t, errs[i])
		d.t.Cleanup(phones[i].Stop)
		d.rig.phones[dn] = phones[i]
	}
}

func (d *desk) For(t testing.TB) scenario.Switch {
	rig := *d.rig
	rig.t, rig.ctx = t, t.Context()
	t.Cleanup(func() {
		for dn, phone := range rig.phones {
			if errors := phone.Errors(); errors != "" {
				t.Logf("what the phone %s did not expect: %s", dn, errors)
			}
		}
	})
	return &desk{&rig, map[string]*lab.SIPp{}}
}

func (d *desk) Open(profile string) *lab.Client {
	d.t.Helper()
	ctx, cancel := d.soon()
	defer cancel()
	c, err := lab.OpenClient(ctx, d.socket(), profile)
	require.NoError(d.t, err)
	d.t.Cleanup(c.Close)
	return c
}

func (d *desk) Post(c *lab.Client, request string, fields lab.Fields) int64 {
	d.t.Helper()
	reference, err := c.Post(request, fields)
	require.NoError(d.t, err)
	return reference
}

func (d *desk) Next(c *lab.Client, want func(lab.Message) bool) (lab.Message, error) {
	ctx, cancel := d.soon()
	defer cancel()
	return c.Next(ctx, want)
}

func (d *desk) Until(what string, done func() bool) error {
	ctx, cancel := d.soon()
	defer cancel()
	return lab.Until(ctx, what, func() (bool, error) { return done(), nil })
}

func (d *desk) Call(from, to string) { d.call(lab.Caller{From: from, To: to, Tone: tones[from]}) }

func (d *desk) Act(dn string, act scenario.Act, to string) {
	d.t.Helper()
	ctx, cancel := d.soon()
	defer cancel()
	var err error
	switch phone := d.phones[dn]; act {
	case scenario.Answer:
		err = phone.Answer(ctx)
	case scenario.Refuse:
		err = phone.Refuse(ctx)
	case scenario.HangUp:
		err = phone.HangUp(ctx)
	case scenario.Hold:
		err = phone.Hold(ctx)
	case scenario.Unhold:
		err = phone.Unhold(ctx)
	case scenario.Press:
		phone.Voice().Press(to)
	case scenario.Refer:
		err = phone.Transfer(ctx, d.Switch, to)
	case scenario.Second: // it has a voice of its own
		d.seconds[dn] = d.call(lab.Caller{From: dn, To: to, Tone: tones["1004"]})
		d.phones[dn] = phone
	case scenario.Join:
		if err = d.seconds[dn].Reached(ctx, "talks"); err == nil {
			err = phone.TransferTo(ctx, d.Switch, to, d.seconds[dn])
		}
	}
	require.NoError(d.t, err, "%s", dn)
}

func (d *desk) Reached(dn string, state scenario.State) {
	d.t.Helper()
	ctx, cancel := d.soon()
	defer cancel()
	require.NoError(d.t, d.phones[dn].Reached(ctx, string(state)), "%s", dn)
	if second := d.seconds[dn]; second != nil && state == scenario.Over {
		require.NoError(d.t, second.Reached(ctx, string(state)), "the second call of %s", dn)
	}
}

func (d *desk) Heard(dn string) (names string, sure bool) { return d.heardBy(dn) }

func (d *desk) Digits(dn string) string { return d.phones[dn].Voice().Digits() }

func (d *desk) SendBoth(partyID, to string) {
	d.t.Helper()
	d.api("uuid_transfer " + leg(partyID) + " -both " + to + " XML default")
}

func (d *desk) PickUp(dn, partyID string) {
	d.t.Helper()
	d.api("bgapi originate {ignore_early_media=true}user/" + dn + "@127.0.0.1 &intercept(" + leg(partyID) + ")")
}

func (d *desk) Members(room string) int {
	count, _ := strconv.Atoi(d.try("conference " + room + " get count"))
	return count
}

// Talk waits until so much has been spoken: that many of the customer's packets.
func (d *desk) Talk(long time.Duration) {
	d.t.Helper()
	voice := d.phones[outside].Voice()
	until := voice.Received() + int(long/packet)
	d.until("the talk to go on", func() bool { return voice.Received() >= until })
}

const packet = 20 * ms

func (d *desk) Recording(path, one, other string) (talk, silence time.Duration) {
	both := []int{tones[one], tones[other]}
	heard, err := lab.Recorded(path, both)
	if err != nil {
		return 0, 0 // it is not there yet
	}
	for _, tones := range heard {
		switch {
		case slices.Equal(tones, both):
			talk += packet
		case len(tones) == 0:
			silence += packet
		}
	}
	return talk, silence
}

// Settle: who has just been heard has been heard for longer than an event takes.
func (d *desk) Settle() {}

func (d *desk) Clear() {
	d.t.Helper()
	d.try("hupall NORMAL_CLEARING")
}

func (d *desk) Quiet() {
	d.t.Helper()
	d.quiet()
	d.until("the engine to have no calls", func() bool { return d.listed("calls") == 0 })
	d.until("the store to have closed all records", func() bool {
		return d.count("call where open = 1") == 0 && d.count("party where open = 1") == 0
	})
}

func (r *rig) Company() string { return company }

func (r *rig) Detail(callID string) scenario.Detail {
	r.t.Helper()
	call, parties := r.cdr(callID)
	open := slices.DeleteFunc(parties, func(p row) bool { return p.number("open") == 0 })
	return scenario.Detail{
		CallType: call.text("call_type"), EndReason: call.text("end_reason"), StartMillis: call.number("start_millis"),
		EndMillis: call.number("end_millis"), OpenParties: len(open),
	}
}
