package main

import (
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a switch's machine may lack the zone files

	"modcti/events"
)

const (
	unixPathBytesMax = 107 // of sockaddr_un, less its NUL
	textBytesMax     = 1024
)

// param is one parameter of <settings>. parse reports false when the value is not what allowed describes.
type param struct {
	name       string
	mayBeEmpty bool
	allowed    string
	parse      func(s *Settings, value string) bool
}

// params are all parameters of settings.md, in its order.
var params = []param{
	{"data-dir", false, "an absolute path", func(s *Settings, v string) bool { return path(&s.DataDir, v) }},
	{"unix-socket", true, fmt.Sprintf("an absolute path of at most %d bytes, or nothing for off", unixPathBytesMax),
		func(s *Settings, v string) bool { return path(&s.UnixSocket, v) && len(v) <= unixPathBytesMax }},
	{"tcp-listen", true, "an IP address and a port, such as 127.0.0.1:8041, or nothing for off",
		func(s *Settings, v string) bool { return address(&s.TCPListen, v) }},
	{"http-listen", true, "an IP address and a port, such as 127.0.0.1:8040, or nothing for off",
		func(s *Settings, v string) bool { return address(&s.HTTPListen, v) }},
	{"tls-cert", true, "the absolute path of a PEM file", func(s *Settings, v string) bool { return path(&s.TLSCert, v) }},
	{"tls-key", true, "the absolute path of a PEM file", func(s *Settings, v string) bool { return path(&s.TLSKey, v) }},
	{"tls-client-ca", true, "the absolute path of a PEM file",
		func(s *Settings, v string) bool { return path(&s.TLSClientCA, v) }},
	{"company-id", true, "1 to 64 letters, digits, dots, dashes or underscores", func(s *Settings, v string) bool {
		s.CompanyID = v
		return v == "" || events.IsCompanyID(v)
	}},
	{"sdk-app-id", true, "a whole number from 1 to 9007199254740991", func(s *Settings, v string) bool {
		return v == "" || number(&s.SDKAppID, v, 1, 1<<53-1)
	}},
	{"time-zone", true, "a zone's name, such as Europe/Berlin, or nothing for the machine's", timeZone},
	{"inside-pattern", false, "a regular expression (RE2), such as ^\\d{3,6}$", func(s *Settings, v string) bool {
		return pattern(&s.Inside, v)
	}},
	{"track", false, "all or marked", func(s *Settings, v string) bool { return choice(&s.TrackMarked, v, "marked", "all") }},
	{"durability", false, "full or normal", func(s *Settings, v string) bool {
		return choice(&s.DurabilityFull, v, "full", "normal")
	}},
	{"journal-days", false, "a whole number from 1 to 3650", func(s *Settings, v string) bool {
		return number(&s.JournalDays, v, 1, 3650)
	}},
	{"journal-bytes", false, "a number of bytes from 1MiB to 1024GiB", func(s *Settings, v string) bool {
		return size(&s.JournalBytes, v, 1<<20, 1<<40)
	}},
	{"fire-custom-events", false, "true or false", func(s *Settings, v string) bool {
		return choice(&s.FireCustomEvents, v, "true", "false")
	}},
	{"client-queue-bytes", false, "a number of bytes from 64KiB to 1GiB", func(s *Settings, v string) bool {
		return size(&s.ClientQueueBytes, v, 64<<10, 1<<30)
	}},
	{"requests-per-second", false, "a whole number from 1 to 100000", func(s *Settings, v string) bool {
		return number(&s.RequestsPerSecond, v, 1, 100_000)
	}},
	recordTemplateParam,
	{"notify-observed", false, "true or false", func(s *Settings, v string) bool {
		return choice(&s.NotifyObserved, v, "true", "false")
	}},
	{"end-states", true, "pairs such as 103=210,105=207: how dialing ended (0, 103, 104, 105, 109, 115 or 119), each once, and an end " +
		"state of the contact-center types (201 to 213, 215 to 222)",
		func(s *Settings, v string) bool { return endStates(&s.EndStates, v) }},
	{"nailed-up-hears", false, "music or silence", func(s *Settings, v string) bool {
		return choice(&s.NailedMusic, v, "music", "silence")
	}},
	{"presence", false, "true or false", func(s *Settings, v string) bool { return choice(&s.Presence, v, "true", "false") }},
	{"voicemail", false, "the profile of a voicemail, and its domain if it is not the switch's own, such as default pbx.example",
		func(s *Settings, v string) bool { return matched(&s.Voicemail, v, voicemailPattern) }},
	{"queue-log", true, "an absolute path, or nothing for off", func(s *Settings, v string) bool { return path(&s.QueueLog, v) }},
	{"callcenter-conf", true, "an absolute path", func(s *Settings, v string) bool { return path(&s.CallcenterConf, v) }},
	{"go-threads", false, "a whole number from 1 to 256", func(s *Settings, v string) bool {
		return number(&s.GoThreads, v, 1, 256)
	}},
	{"go-memory", false, "a number of bytes from 32MiB to 1024GiB", func(s *Settings, v string) bool {
		return size(&s.GoMemoryBytes, v, 32<<20, 1<<40)
	}},
}

var voicemailPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,32}( [A-Za-z0-9._-]{1,64})?$`)

func path(to *string, value string) bool {
	*to = value
	return value == "" || filepath.IsAbs(value)
}

func address(to *string, value string) bool {
	*to = value
	if value == "" {
		return true
	}
	host, port, err := net.SplitHostPort(value)
	if err != nil {
		return false
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return false
	}
	_, err = netip.ParseAddr(host)
	return err == nil || host == "localhost"
}

// onLoopback tells whether nobody outside this machine can reach an address that passed the check above.
func onLoopback(hostPort string) bool {
	host, _, _ := net.SplitHostPort(hostPort)
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func matched(to *string, value string, want *regexp.Regexp) bool {
	*to = value
	return want.MatchString(value)
}

func pattern(to **regexp.Regexp, value string) bool {
	compiled, err := regexp.Compile(value)
	*to = compiled
	return err == nil && value != "" && len(value) <= textBytesMax
}

func choice(to *bool, value, yes, no string) bool {
	*to = value == yes
	return value == yes || value == no
}

func number(to *int64, value string, least, most int64) bool {
	n, err := strconv.ParseInt(value, 10, 64)
	*to = n
	return err == nil && n >= least && n <= most
}

// endStates reads pairs of an end of dialing and its end state (R22).
func endStates(to *events.EndStates, value string) bool {
	*to = events.EndStates{}
	for _, pair := range words(value) {
		from, state, _ := strings.Cut(pair, "=")
		var detected, end int64
		if !number(&detected, from, 0, events.DetectAnswered) || !number(&end, state, 0, 999) || !to.CanSet(detected, end) {
			return false
		}
		if _, twice := (*to)[detected]; twice {
			return false
		}
		(*to)[detected] = end
	}
	return true
}

var sizeUnits = []struct {
	suffix string
	bytes  int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"", 1}}

// size reads a number of bytes: 4194304, 4096KiB, 4MiB, 1GiB.
func size(to *int64, value string, least, most int64) bool {
	for _, unit := range sizeUnits {
		digits, found := strings.CutSuffix(value, unit.suffix)
		if !found {
			continue
		}
		var n int64
		if !number(&n, strings.TrimSpace(digits), 0, most/unit.bytes) {
			return false
		}
		*to = n * unit.bytes
		return *to >= least
	}
	return false
}

func timeZone(s *Settings, value string) bool {
	if value == "" {
		return true
	}
	zone, err := time.LoadLocation(value)
	s.TimeZone = zone
	return err == nil
}
