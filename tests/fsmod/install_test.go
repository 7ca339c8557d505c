package fsmod

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// installation is a copy of what build.sh installs, and a FreeSWITCH that is nothing but directories.
type installation struct {
	t                       *testing.T
	source, prefix, destdir string
}

func newInstallation(t *testing.T) *installation {
	i := &installation{t: t, source: t.TempDir(), prefix: t.TempDir()}
	copyFile(t, filepath.Join(repository, "build.sh"), filepath.Join(i.source, "build.sh"))
	require.NoError(t, os.CopyFS(filepath.Join(i.source, "fsmod", "conf"), os.DirFS(filepath.Join(repository, "fsmod", "conf"))))
	for _, name := range []string{"libcti.so", "mod_cti.so", "ctictl"} {
		i.write(filepath.Join(i.source, "build", name), name)
	}
	i.write(filepath.Join(i.prefix, "include", "freeswitch", "switch.h"), "")
	for _, dir := range []string{"mod", "conf"} {
		require.NoError(t, os.MkdirAll(filepath.Join(i.prefix, dir), 0o755))
	}
	return i
}

func (i *installation) write(path, text string) {
	require.NoError(i.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(i.t, os.WriteFile(path, []byte(text), 0o644))
}

func (i *installation) run() string {
	said, err := i.try()
	require.NoError(i.t, err, "%s", said)
	return said
}

func (i *installation) try() (said string, err error) {
	cmd := exec.Command("sh", filepath.Join(i.source, "build.sh"), "install")
	cmd.Env = append(os.Environ(), "FREESWITCH_PREFIX="+i.prefix, "PKG_CONFIG_LIBDIR="+i.source, "PKG_CONFIG_PATH=", "DESTDIR="+i.destdir)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (i *installation) read(parts ...string) string {
	text, err := os.ReadFile(filepath.Join(append([]string{i.destdir + i.prefix}, parts...)...))
	require.NoError(i.t, err)
	return string(text)
}

// TestInstall: modules always, samples only where there is no file of that name, and it is said what went where.
func TestInstall(t *testing.T) {
	for name, destdir := range map[string]string{"in place": "", "staged": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			i := newInstallation(t)
			i.destdir = destdir
			said := i.run()
			conf := filepath.Join(destdir+i.prefix, "conf")
			for _, sample := range []string{"autoload_configs/cti.conf.xml", "dialplan/default/10_cti.xml"} {
				ours, err := os.ReadFile(filepath.Join(repository, "fsmod", "conf", sample))
				require.NoError(t, err)
				require.Equal(t, string(ours), i.read("conf", sample))
				require.Contains(t, said, filepath.Join(conf, sample)+" is the sample\n")
			}
			require.Contains(t, said, "include 10_cti.xml in the context")
			require.Equal(t, "libcti.so", i.read("mod", "libcti.so"))
			require.Equal(t, "mod_cti.so", i.read("mod", "mod_cti.so"))
			require.Equal(t, "ctictl", i.read("bin", "ctictl"))
		})
	}
}

// TestInstallStaged: whether the dialplan takes the sample in is asked of the switch's own, which a stage has none of.
func TestInstallStaged(t *testing.T) {
	i := newInstallation(t)
	i.destdir = t.TempDir()
	i.write(filepath.Join(i.prefix, "conf", "dialplan", "default.xml"), `<X-PRE-PROCESS cmd="include" data="default/*.xml"/>`)
	require.NotContains(t, i.run(), "include 10_cti.xml")
}

// TestInstallUnbuilt: nothing is begun that cannot be ended.
func TestInstallUnbuilt(t *testing.T) {
	i := newInstallation(t)
	require.NoError(t, os.Remove(filepath.Join(i.source, "build", "mod_cti.so")))
	said, err := i.try()
	require.Error(t, err)
	require.Contains(t, said, "there is no build/mod_cti.so: make build comes first")
	left, err := os.ReadDir(filepath.Join(i.prefix, "mod"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestInstallOverAnother(t *testing.T) {
	i := newInstallation(t)
	own := filepath.Join(i.prefix, "conf", "dialplan", "default", "10_cti.xml")
	i.write(own, "mine")
	i.write(filepath.Join(i.prefix, "conf", "dialplan", "default.xml"), `<X-PRE-PROCESS cmd="include" data="default/*.xml"/>`)
	i.write(filepath.Join(i.prefix, "conf", "autoload_configs", "cti.conf.xml"), "mine too")
	i.write(filepath.Join(i.prefix, "mod", "mod_cti.so"), "old")
	said := i.run()
	require.Contains(t, said, own+" stays as it is\n")
	require.NotContains(t, said, "sample")
	require.NotContains(t, said, "include 10_cti.xml")
	require.Equal(t, "mine", i.read("conf", "dialplan", "default", "10_cti.xml"))
	require.Equal(t, "mine too", i.read("conf", "autoload_configs", "cti.conf.xml"))
	require.Equal(t, "mod_cti.so", i.read("mod", "mod_cti.so"))
	left, err := os.ReadDir(filepath.Join(i.prefix, "mod"))
	require.NoError(t, err)
	require.Len(t, left, 2, "no half-written file: %v", strings.TrimSpace(said))
}
