package fsmod

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

const schedFIFO = 1

// legID is the nth leg of a test.
func legID(n int) string { return fmt.Sprintf("eeeeeeee-0000-4000-8000-%012d", n) }

// TestAdoption: channels that were up before the module are found, tell their end by hooks, and what they do until they
// can be hooked by the event bus.
func TestAdoption(t *testing.T) {
	t.Parallel()
	s := start(t, "-np")
	require.True(t, s.tryAPI("unload mod_cti"))
	s.api("originate {origination_uuid=%s}sofia/test/51001@127.0.0.1:%d &park", legA, s.sipPort)
	s.api("bgapi originate {origination_uuid=%s}sofia/test/3001@127.0.0.1:%d &park", legB, s.sipPort)
	s.api("originate {origination_uuid=%s}sofia/test/1002@127.0.0.1:%d &park", legC, s.sipPort)
	s.until(func() bool { return s.api("uuid_exists %s", legB) == "true" }, "the call")
	require.Equal(t, 0, count(s.records(), "CREATED"), "nothing is told while the module is not loaded")

	mark := s.mark()
	require.True(t, s.tryAPI("load mod_cti"))
	s.await(mark, "unasked snapshot", func(r record) bool { return r.Kind == "SNAPSHOT_END" && r.Command == 0 })
	all := s.records()[mark:]
	require.Equal(t, 8, count(all, "FOUND"))
	found := s.await(mark, "caller", func(r record) bool {
		return r.Kind == "FOUND" && r.Text[textDestination] == "51001" && r.Direction == 1
	})
	require.NotEmpty(t, found.Other, "it is bridged")
	require.Equal(t, 1, s.awaitKind(mark, "FOUND", legB).State, "ringing")
	require.Contains(t, s.api("cti status"), "\nmoduleChannelsUnhooked|8\n")

	t.Run("bridge", func(t *testing.T) {
		mark := s.mark()
		require.True(t, s.tryAPI("uuid_bridge %s %s", legA, legC))
		require.Equal(t, hex(legC), s.awaitKind(mark, "BRIDGED", legA).Other)
		require.Equal(t, hex(legA), s.awaitKind(mark, "BRIDGED", legC).Other)
	})
	t.Run("end", func(t *testing.T) {
		mark := s.mark()
		require.True(t, s.tryAPI("uuid_kill %s", legB))
		s.awaitKind(mark, "DESTROYED", legB)
		require.Equal(t, []string{"HANGUP", "ENDED", "DESTROYED"}, told(s.records()[mark:], legB))
		require.Equal(t, sendCancel, s.awaitKind(mark, "ENDED", legB).Disposition)
		s.requireNumbered(s.records()[mark:], legB)
		caller := found.Text[textUUID]
		require.True(t, s.tryAPI("uuid_kill %s", caller))
		s.awaitKind(mark, "DESTROYED", caller)
		require.Equal(t, 1, count(legOnly(s.records()[mark:], caller), "ENDED"))
	})
	s.api("hupall")
	s.emptied()
	s.submit("snapshot")
	require.Contains(t, s.api("cti status"), "\nmoduleChannelsUnhooked|0\n")
}

func legOnly(all []record, uuid string) (own []record) {
	for _, r := range all {
		if r.Leg == hex(uuid) {
			own = append(own, r)
		}
	}
	return own
}

// TestAdoptedAnswer: a leg that rang before the module came is told answered, and who had called it.
func TestAdoptedAnswer(t *testing.T) {
	t.Parallel()
	s := start(t, "-np")
	mark := s.mark()
	s.call(legA, "Caller", "53001", "&park")
	first := s.incoming(mark, "Caller", "53001")
	called := s.awaitKind(mark, "OUTGOING", first).Other
	rings := s.incoming(mark, "Caller", "3001")
	s.awaitKind(mark, "RINGING", legA)
	require.True(t, s.tryAPI("reload mod_cti"))
	s.await(mark, "second start", func(r record) bool { return r.Kind == "SNAPSHOT_END" && r.Mono > 0 })
	mark = s.mark()
	require.True(t, s.tryAPI("uuid_transfer %s 1001", rings))
	s.awaitKind(mark, "ANSWERED", rings)
	answered := s.await(mark, "answer of the called leg", func(r record) bool {
		return r.Kind == "ANSWERED" && r.Leg == called
	})
	require.NotZero(t, answered.Seq, "hooks of the first load are in force again")
	s.awaitKind(mark, "BRIDGED", first)
	require.Equal(t, 1, count(legOnly(s.records()[mark:], first), "ANSWERED"), "no hook is there twice")
	s.api("hupall")
	s.emptied()
}

// TestLoadUnloadLoad: any number of times while calls come and go; nothing is told twice, no session stays.
func TestLoadUnloadLoad(t *testing.T) {
	t.Parallel()
	arguments := map[string][]string{"ordinary": {"-np"}}
	if realTimeAllowed() {
		arguments["real time"] = nil
	} else {
		t.Log("real-time scheduling is not allowed here: the module is not tried under it")
	}
	for name, arguments := range arguments {
		t.Run(name, func(t *testing.T) { loadUnloadLoad(t, start(t, arguments...), name == "real time") })
	}
}

func loadUnloadLoad(t *testing.T, s *freeSwitch, realTime bool) {
	if realTime {
		require.Equal(t, schedFIFO, schedulingPolicy(t, s.process.Pid), "the switch does not run in real time")
	}
	for i := range 20 {
		s.call(legID(i), fmt.Sprintf("Cycle%d", i), "51001", "&park")
		require.True(t, s.tryAPI("unload mod_cti"))
		require.False(t, s.tryAPI("cti status"), "the command goes with the module")
		if i > 0 {
			s.api("uuid_kill %s", legID(i-1))
		}
		mark := s.mark()
		require.True(t, s.tryAPI("load mod_cti"), s.log())
		s.await(mark, "snapshot", func(r record) bool { return r.Kind == "SNAPSHOT_END" })
		require.NoError(t, s.process.Signal(syscall.SIGHUP))
	}
	threadsFitForGo(t, s)
	mark := s.mark()
	s.call(legA, "Last", "1001", "&park")
	s.awaitKind(mark, "EXECUTED", legA)
	s.api("hupall")
	s.emptied()
	s.awaitKind(mark, "DESTROYED", legA)
	require.Equal(t, "CREATED ANSWERED EXECUTED HANGUP ENDED DESTROYED",
		strings.Join(told(s.records()[mark:], legA), " "))
	for _, load := range loads(s.records()) {
		for i := range 20 {
			require.LessOrEqual(t, count(legOnly(load, legID(i)), "ENDED"), 1)
			require.LessOrEqual(t, count(legOnly(load, legID(i)), "CREATED"), 1)
		}
	}
	require.Contains(t, s.api("cti status"), "\nmoduleRecordsLost|0\n")
}

// loads splits the records by the engine's starts.
func loads(all []record) (parts [][]record) {
	for _, r := range all {
		if r.Kind == "STARTED" {
			parts = append(parts, nil)
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], r)
	}
	return parts
}

// TestRefusedLoad: one line names the cause, the switch goes on, and the module loads once the cause is gone.
func TestRefusedLoad(t *testing.T) {
	t.Parallel()
	s := startWith(t, `<configuration name="other.conf"/>`, "-np")
	requireRefused := func(cause string) {
		t.Helper()
		s.awaitLog("mod_cti is not loaded: " + cause + "\n")
		require.False(t, s.tryAPI("cti status"))
		require.Empty(t, s.threadsOf("cti_engine"))
		require.Empty(t, s.threadsOf("cti_worker"))
		require.Empty(t, s.threadsOf("cti_fire"))
		require.Empty(t, s.threadsOf("cti_phones"))
	}
	requireRefused("there is no configuration cti.conf: put cti.conf.xml into " + s.path("conf") + "/autoload_configs")

	library := s.path("mod", "libcti.so")
	require.NoError(t, os.Rename(library, s.path("mod", "away.so")))
	s.configure(setting("fake-refuse", "tcp-listen is 8041x: give host:port"))
	require.False(t, s.tryAPI("load mod_cti"))
	requireRefused("the engine's library cannot be loaded: " + library +
		": cannot open shared object file: No such file or directory")

	copyFile(t, s.path("mod", "mod_tone_stream.so"), library)
	require.False(t, s.tryAPI("load mod_cti"))
	requireRefused(library + " is not the engine of this module: it has no cti_start")

	s.api("global_setvar cti_library=%s", s.path("mod", "away.so"))
	require.False(t, s.tryAPI("load mod_cti"))
	requireRefused("cti.conf line 3: tcp-listen is 8041x: give host:port")

	s.configure(defaultSettings)
	require.True(t, s.tryAPI("load mod_cti"), s.log())
	require.True(t, s.tryAPI("cti status"))
}

func setting(name, value string) string {
	return fmt.Sprintf("<configuration name=\"cti.conf\"><settings>\n<!-- <param name=\"a\" value=\"b\"/> -->\n"+
		"<param name=%q value=%q/>\n</settings></configuration>", name, value)
}

// TestReload: settings.md; a bad value is named with its line and the settings in force stay.
func TestReload(t *testing.T) {
	t.Parallel()
	s := start(t, "-np")
	s.configure(setting("track", "marked") /* line 3 */)
	require.Equal(t, "+OK", s.api("cti reload"))
	require.Contains(t, s.api("cti settings"), "settings|track|marked|3|0\n")
	require.Contains(t, s.api("cti settings"), "settings|data-dir|"+s.path("db")+"/cti|0|1")
	require.Contains(t, s.api("cti settings"), "settings|unix-socket|"+s.path("run")+"/cti.sock|0|2")
	require.Contains(t, s.api("cti settings"),
		"settings|callcenter-conf|"+s.path("conf")+"/autoload_configs/callcenter.conf.xml|0|3")

	s.configure(setting("fake-refuse", "no such time-zone"))
	require.Equal(t, "-ERR cti.conf line 3: no such time-zone", s.api("cti reload"))
	require.Contains(t, s.api("cti settings"), "settings|track|marked|3|0\n")

	s.configure(`<configuration name="cti.conf"><settings>`)
	require.True(t, strings.HasPrefix(s.api("cti reload"), "-ERR "), "broken XML")
	require.Contains(t, s.api("cti settings"), "settings|track|marked|3|0\n")

	s.configure(`<configuration name="cti.conf">
  <settings>
    <param name="inside-pattern" value="^[&lt;&gt;]{3}$"/><param name="a" value="x > y"/>
  </settings>
  <dial-plan>
    <rule pattern="^1" leg="user/$0"/>
    <!-- <rule/> -->
    <rule pattern="^2"
          leg="user/2" caller-id="7"/>
  </dial-plan>
  <queues><queue name="sales"><param name="strategy" value="longest-idle-agent"/>
    <!-- <param/> --><param name="overflow"
                            value="closed hangup"/>
    <colour/></queue></queues>
</configuration>`)
	s.api("reloadxml")
	want := "settings|inside-pattern|^[<>]{3}$|3|0\nsettings|a|x > y|3|1\n" +
		"dial-plan|pattern|^1|6|0\ndial-plan|leg|user/$0|6|0\n" +
		"dial-plan|pattern|^2|8|1\ndial-plan|leg|user/2|8|1\ndial-plan|caller-id|7|8|1\n" +
		"queues|name|sales|11|0\nqueues|strategy|longest-idle-agent|11|0\n" +
		"queues|overflow|closed hangup|12|0\nqueues|colour||14|0\n"
	s.until(func() bool { return strings.HasPrefix(s.api("cti settings"), want) }, "reloadxml to be enough")

	offers := s.api("cti offers")
	s.api("reloadxml")
	s.flushEvents()
	require.Equal(t, offers, s.api("cti offers"), "unchanged: not offered again")
}

// TestStuckEngine: an engine that does not stop keeps its ring; a later load says so instead of starting a second one.
func TestStuckEngine(t *testing.T) {
	t.Parallel()
	s := startWith(t, setting("fake-stall", "true"), "-np")
	s.call(legA, "Stuck", "1001", "&park")
	s.awaitKind(0, "EXECUTED", legA)
	require.True(t, s.tryAPI("unload mod_cti"))
	s.awaitLog("the CTI engine did not stop within")
	require.False(t, s.tryAPI("load mod_cti"))
	s.awaitLog("mod_cti is not loaded: the engine of an earlier load has not stopped: ")
	s.api("hupall")
	s.emptied()
}

// TestShutdown: when the switch goes down, the last calls end first, and their ends are told before the engine stops.
func TestShutdown(t *testing.T) {
	t.Parallel()
	s := start(t, "-np")
	s.call(legA, "Shutdown", "51001", "&park")
	in := s.incoming(0, "Shutdown", "51001")
	s.awaitKind(0, "BRIDGED", in)
	s.stop()
	all := s.records()
	require.Equal(t, "STOPPED", all[len(all)-1].Kind)
	for _, uuid := range []string{legA, in} {
		require.Equal(t, 1, count(legOnly(all, uuid), "ENDED"))
		require.Equal(t, 1, count(legOnly(all, uuid), "DESTROYED"))
	}
}
