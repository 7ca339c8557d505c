package fs_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// TestCenterNotJoined: an agent picks up, and the thread of the caller's channel has no time to join them. Nobody is left in
// silence: the caller hears the queue again and is told of as waiting, whether he has come by the dialplan or by request, and the
// agent, who has not missed the call, is offered it again (3.2, 3.3).
func TestCenterNotJoined(t *testing.T) {
	t.Parallel()
	c := startCenter(t, func(*lab.Switch) string { return putThereConfig(false) })
	c.putPhones(map[string]lab.Phone{"1001": {Tone: tones["1001"]}, "1002": {Tone: tones["1002"]}})
	c.register("1001", "1002")
	c.login(isReady, "1001")
	notJoined := func(agent, queue, music string) {
		busy := leg(c.told("Ringing " + agent).CallID)
		c.api("uuid_broadcast " + busy + " 'system::sleep 6' aleg")
		c.answer(agent)
		c.told("Released "+agent, "Queued "+queue+" otherDN="+outside+" retries=1")
		c.hears(map[string]string{outside: music})
		c.told("Ringing " + agent)
		c.answer(agent)
		c.told("Established " + agent)
		c.hears(map[string]string{outside: agent, agent: outside})
	}
	c.caller("8001")
	notJoined("1001", "8001", "music")
	c.ask("SingleStepTransfer", "1001", "otherDN", "8002")
	c.told("Queued 8002 otherDN=" + outside)
	c.login(isReady, "1002")
	notJoined("1002", "8002", "jazz")
	c.hangUp(outside)
	c.quiet()
	c.closed("call")
	c.recorded([]string{"8001 answered", "8002 answered"},
		[]string{"1001 failed", "1001 answered", "1002 failed", "1002 answered"})
	require.EqualValues(t, 1, c.count("call"))
}
