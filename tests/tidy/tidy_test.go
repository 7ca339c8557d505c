// Package tidy holds the repository to its own rules: which package may import which, and how long things may grow.
package tidy

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "../.."

// arrows: what each package may import of this module, beside itself. Imports point one way; nothing imports cgo.
var arrows = map[string][]string{
	"modcti/events":              {},
	"modcti/events/internal/gen": {"modcti/events"},
	"modcti/events/push":         {"modcti/engine", "modcti/events"},
	"modcti/engine":              {"modcti/events"},
	"modcti/engine/cdr":          {"modcti/engine"},
	"modcti/engine/loop":         {"modcti/engine", "modcti/events"},
	"modcti/engine/script":       {"modcti/engine"},
	"modcti/store":               {"modcti/engine", "modcti/events"},
	"modcti/store/queuelog":      {"modcti/engine", "modcti/events"},
	"modcti/cgo": {
		"modcti/engine", "modcti/engine/loop", "modcti/engine/script", "modcti/events", "modcti/events/push", "modcti/store",
		"modcti/store/queuelog",
	},
	"modcti/sim":       {"modcti/engine", "modcti/engine/cdr", "modcti/events", "modcti/sim/trace"},
	"modcti/sim/trace": {"modcti/engine"},
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) (list []goPackage) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	require.NoError(t, err)
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p goPackage
		require.NoError(t, d.Decode(&p))
		list = append(list, p)
	}
	return list
}

func TestImportArrows(t *testing.T) {
	for _, p := range packages(t) {
		allowed, known := arrows[p.ImportPath]
		free := strings.HasPrefix(p.ImportPath, "modcti/cmd/") || strings.HasPrefix(p.ImportPath, "modcti/tests/")
		require.True(t, known || free, "%s has no arrow: add it to this test and to docs/ARCHITECTURE.md", p.ImportPath)
		for _, imported := range p.Imports {
			if !strings.HasPrefix(imported, "modcti/") {
				continue
			}
			require.NotEqual(t, "modcti/cgo", imported, "%s imports cgo", p.ImportPath)
			require.True(t, free || slices.Contains(allowed, imported), "%s may not import %s", p.ImportPath, imported)
		}
	}
}

const (
	fileLinesMax     = 500
	functionLinesMax = 70
	columnsMax       = 140
)

// files calls f with every tracked file of the repository that has one of the endings.
func files(t *testing.T, f func(path string, content []byte), endings ...string) {
	out, err := exec.Command("git", "-C", root, "ls-files").Output()
	if err != nil { // not a checkout: a source archive
		out = walk(t)
	}
	for path := range strings.Lines(string(out)) {
		path = strings.TrimSpace(path)
		if !slices.Contains(endings, filepath.Ext(path)) || strings.HasSuffix(path, "_gen.go") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, path))
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		f(path, content)
	}
}

func walk(t *testing.T) []byte {
	var b bytes.Buffer
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(root, path)
			b.WriteString(rel + "\n")
		}
		return err
	}))
	return b.Bytes()
}

func TestLengths(t *testing.T) {
	files(t, func(path string, content []byte) {
		lines := strings.Split(string(content), "\n")
		if !strings.HasSuffix(path, "_test.go") {
			require.LessOrEqual(t, len(lines), fileLinesMax, "%s is too long for one file", path)
		}
		for i, line := range lines {
			require.LessOrEqual(t, len([]rune(strings.ReplaceAll(line, "\t", "    "))), columnsMax, "%s:%d is too wide", path, i+1)
		}
	}, ".go", ".c", ".h")
}

func TestFunctionLengths(t *testing.T) {
	files(t, func(path string, content []byte) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, path, content, 0)
		require.NoError(t, err)
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
				length := set.Position(f.End()).Line - set.Position(f.Pos()).Line
				require.LessOrEqual(t, length, functionLinesMax, "%s: %s does more than one thing", path, f.Name.Name)
			}
		}
	}, ".go")
}

// TestNoLeftovers: unfinished marks, sleeps in tests, paths of one machine. The words are put together here so that
// this file does not find itself.
func TestNoLeftovers(t *testing.T) {
	unfinished := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|HA` + `CK)\b|not imple` + `mented`)
	sleeps := regexp.MustCompile(`time\.Sle` + `ep\(`)
	machine := regexp.MustCompile(`(^|[^a-z.])/(wo` + `rk|ro` + `ot|ho` + `me)/`)
	files(t, func(path string, content []byte) {
		require.False(t, unfinished.Match(content), "%s holds an unfinished mark", path)
		require.False(t, machine.Match(content), "%s holds the path of one machine", path)
		if strings.HasSuffix(path, "_test.go") {
			require.False(t, sleeps.Match(content), "%s sleeps", path)
		}
	}, ".go", ".c", ".h", ".sh", ".md", ".xml")
}

// TestEngineIsDeterministic: no goroutine and no channel in the engine.
func TestEngineIsDeterministic(t *testing.T) {
	files(t, func(path string, content []byte) {
		if filepath.Dir(path) != "engine" {
			return
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, content, 0)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n.(type) {
			case *ast.GoStmt, *ast.ChanType, *ast.SelectStmt:
				require.Fail(t, "the engine is one function", path)
			}
			return true
		})
	}, ".go")
}
