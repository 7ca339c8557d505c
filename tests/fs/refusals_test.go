package fs_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
	"modcti/tests/scenario"
)

// TestRefusals makes the switch fail where it matters most: after a phone has answered, and when a consult is completed.
func TestRefusals(t *testing.T) {
	t.Parallel()
	scenario.Play(t, startDesk(t), scenario.Refusals)
}

var _ scenario.Saboteur = (*desk)(nil)

// Stall has the channel's own thread wait for a program.
func (d *desk) Stall(partyID string, long time.Duration) {
	d.t.Helper()
	d.api(fmt.Sprintf("uuid_broadcast %s system::sleep\\s%.0f aleg", leg(partyID), long.Seconds()))
	d.until("the channel to do it", func() bool {
		return strings.Contains(d.try("uuid_getvar "+leg(partyID)+" current_application"), "system")
	})
}

func (d *desk) DropAtAnswer(partyID string) {
	d.t.Helper()
	d.api("uuid_setvar " + leg(partyID) + " api_on_answer uuid_kill " + leg(partyID))
}

func (d *desk) Rooms(members int) {
	d.t.Helper()
	after := context.WithoutCancel(d.ctx)
	if members == 0 {
		require.Contains(d.t, d.api("unload mod_conference"), "+OK")
		d.t.Cleanup(func() {
			_, err := d.API(after, "load mod_conference")
			require.NoError(d.t, err)
		})
		return
	}
	room := `<configuration name="conference.conf"><profiles><profile name="cti">` +
		element("param", "name", "max-members", "value", strconv.Itoa(members)) + `</profile></profiles></configuration>`
	require.NoError(d.t, d.Supply(d.ctx, lab.Supplement{Configurations: room}))
	d.t.Cleanup(func() { require.NoError(d.t, d.Supply(after, lab.Supplement{})) })
}
