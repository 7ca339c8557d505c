package fs_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
	"modcti/tests/scenario"
)

// tones are what everybody says, in Hz: each has one of its own, so that who hears whom can be told.
var tones = map[string]int{scenario.Music: lab.Music, scenario.Ringing: lab.Ringback, outside: 1700, abroad: 1900}

func init() {
	for i := range lab.LastDN - lab.FirstDN + 1 {
		tones[strconv.Itoa(lab.FirstDN+i)] = 500 + 100*i
	}
}

// hear waits until everybody hears that and nothing else.
func (r *rig) hear(want scenario.Hearing) {
	r.t.Helper()
	r.until("everybody to hear what they should", func() bool { right, _ := want.Is(r.heardBy); return right })
}

// heardBy names whom a DN hears now, sorted.
func (r *rig) heardBy(dn string) (names string, sure bool) {
	r.t.Helper()
	require.Contains(r.t, r.phones, dn)
	voice := r.phones[dn].Voice()
	require.NotNil(r.t, voice, "%s has no voice", dn)
	heard, sure := voice.Heard(slices.Collect(maps.Values(tones)))
	var list []string
	for name, tone := range tones {
		if slices.Contains(heard, tone) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return strings.Join(list, " "), sure
}

// speaking gives a phone the tone of its DN.
func speaking(dn string, phone lab.Phone) lab.Phone { phone.Tone = tones[dn]; return phone }

// TestSound proves the laboratory's ears on a plain call: who talks is heard by whom he talks to, and by nobody else;
// music and silence are told apart; digits arrive.
func TestSound(t *testing.T) {
	t.Parallel()
	r := startRig(t, lab.Options{})
	r.phone("1001", speaking("1001", lab.Phone{}))
	r.phone("1002", speaking("1002", lab.Phone{}))
	r.call(lab.Caller{From: outside, To: "1001", Tone: tones[outside]})
	ctx, cancel := r.soon()
	defer cancel()
	agent, customer := r.phones["1001"], r.phones[outside]
	require.NoError(t, agent.Answer(ctx))
	talk := scenario.Hearing{outside: "1001", "1001": outside, "1002": ""}
	r.hear(talk)
	require.NoError(t, agent.Hold(ctx))
	r.hear(scenario.Hearing{outside: "music", "1002": ""})
	require.NoError(t, agent.Unhold(ctx))
	r.hear(talk)
	require.NoError(t, agent.Hold(ctx))
	require.NoError(t, agent.Unhold(ctx))
	r.hear(talk)
	agent.Voice().Press("0123456789*#")
	r.until("the digits", func() bool { return customer.Voice().Digits() == "0123456789*#" })
	require.NoError(t, customer.HangUp(ctx))
	r.hear(scenario.Hearing{outside: "", "1001": ""})
	r.story(1)
	for dn, phone := range r.phones {
		require.Empty(t, phone.Errors(), fmt.Sprint(dn))
	}
}
