package client

import (
	"fmt"
	"os"
	"strings"
)

// sockets are where the engine listens when nobody says otherwise: ctisim and `make run`, then FreeSWITCH's packages
// and its own installation.
var sockets = []string{
	"build/run/cti.sock", "/run/freeswitch/cti.sock", "/var/run/freeswitch/cti.sock",
	"/usr/local/freeswitch/var/run/freeswitch/cti.sock", "/usr/local/freeswitch/run/cti.sock",
}

// FindSocket returns the first of the usual sockets that exists.
func FindSocket() (string, error) {
	for _, path := range sockets {
		if info, err := os.Stat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("no engine was found: none of %s is a socket. Is mod_cti loaded (fs_cli -x 'cti status') or "+
		"ctisim running? Name its socket with -unix, or its address with -tcp", strings.Join(sockets, ", "))
}

// ReadToken reads a token out of a file, so that it stands neither in the shell's history nor in the process list.
func ReadToken(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("the token: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" {
		return "", fmt.Errorf("%s: the file holds no token", path)
	}
	if strings.ContainsAny(token, " \t\r\n") {
		return "", fmt.Errorf("%s: the file must hold one token and nothing else", path)
	}
	return token, nil
}
