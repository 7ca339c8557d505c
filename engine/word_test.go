package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/events"
)

// TestWords: what a party keeps as a number is told as the catalogue spells it, and read back from a record.
func TestWords(t *testing.T) {
	require.Len(t, words, int(directAgent)+1)
	for w := range words {
		require.Equal(t, word(w), wordOf(word(w).String()))
	}
	require.Equal(t, noWord, wordOf("something else"))
	for _, w := range []struct {
		word word
		text string
	}{
		{agentRole, events.Agent}, {customerRole, events.Customer}, {thirdRole, events.ThirdPSTN}, {supervisorRole, events.Supervisor},
		{callingDN, events.Origination}, {calledDN, events.Destination},
		{agentSide, events.SideAgent}, {customerSide, events.SideCustomer}, {systemSide, events.SideSystem},
		{noAnswer, events.StateNoAnswer}, {busy, events.StateBusy}, {abandoned, events.StateAbandoned},
		{inbound, events.Inbound}, {outbound, events.Outbound}, {internal, events.Internal}, {consultCall, events.Consult},
		{regular, events.Regular}, {directAgent, events.DirectAgent},
	} {
		require.Equal(t, w.text, w.word.String())
	}
}

// TestHangupCauses: every cause of the switch keeps its name, and none of them is one of the engine's own (R21).
func TestHangupCauses(t *testing.T) {
	require.Empty(t, hangupCause(0).String())
	require.Equal(t, events.ByAgent, byAgent.String())
	require.Equal(t, events.BySystem, bySystem.String())
	for _, c := range causes {
		require.Equal(t, c.name, causeOf(c.number).String())
		require.NotEqual(t, byAgent, causeOf(c.number))
		require.NotEqual(t, bySystem, causeOf(c.number))
	}
}
