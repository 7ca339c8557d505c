package engine

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestExtrasAreWrittenThroughExtrasOf: nobody writes to what those parties and calls share that have no extras of their own.
func TestExtrasAreWrittenThroughExtrasOf(t *testing.T) {
	paths, err := filepath.Glob("*.go")
	require.NoError(t, err)
	files, written := token.NewFileSet(), 0
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, path, nil, 0)
		require.NoError(t, err)
		for _, declared := range file.Decls {
			f, ok := declared.(*ast.FuncDecl)
			if !ok {
				continue
			}
			for _, target := range assigned(f) {
				through, field := extraField(target)
				if field == "" {
					continue
				}
				written++
				require.True(t, isOwn(f, through), "%s: %s is written to and not through extrasOf", files.Position(target.Pos()), field)
			}
		}
	}
	require.NotZero(t, written)
}

// assigned is all that a function assigns to.
func assigned(f *ast.FuncDecl) (targets []ast.Expr) {
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			targets = append(targets, n.Lhs...)
		case *ast.IncDecStmt:
			targets = append(targets, n.X)
		}
		return true
	})
	return targets
}

// extraField is what one of the extras is reached through, and its name.
func extraField(target ast.Expr) (through ast.Expr, name string) {
	for {
		s, ok := target.(*ast.SelectorExpr)
		if !ok {
			return nil, ""
		}
		for _, extras := range []reflect.Type{reflect.TypeFor[partyExtras](), reflect.TypeFor[callExtras]()} {
			if _, ok := extras.FieldByName(s.Sel.Name); ok {
				return s.X, s.Sel.Name
			}
		}
		target = s.X
	}
}

// isOwn tells whether an expression is a call of extrasOf or extrasOfCall, or a name that a function gives to one.
func isOwn(f *ast.FuncDecl, x ast.Expr) (own bool) {
	switch x := x.(type) {
	case *ast.CallExpr:
		s, ok := x.Fun.(*ast.SelectorExpr)
		return ok && (s.Sel.Name == "extrasOf" || s.Sel.Name == "extrasOfCall")
	case *ast.Ident:
		if f == nil {
			return false
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if a, ok := n.(*ast.AssignStmt); ok && a.Tok == token.DEFINE {
				at := slices.IndexFunc(a.Lhs, func(l ast.Expr) bool { name, ok := l.(*ast.Ident); return ok && name.Name == x.Name })
				own = own || at >= 0 && at < len(a.Rhs) && isOwn(nil, a.Rhs[at])
			}
			return true
		})
	}
	return own
}
