package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// structure is one struct of the package: a message when group is set, else a part or an object inside messages.
type structure struct {
	name    string
	group   string // call, agent, error, protocol
	extra   bool   // the message is not in call-events.txt
	meaning string
	clause  string
	members []member
}

// member is one member of a struct in declared order: an embedded part, or a field of the wire.
type member struct {
	embed     *structure
	goName    string
	goType    string
	key       string
	omitEmpty bool
	full      bool
	byRole    bool   // in profile full alone where its value is a role of R3
	inFull    string // Go name of the field that stands in its place in profile full, when that is set
	meaning   string
	clause    string
}

// byProfile tells whether the field's value, and not only whether it is written, depends on the profile.
func (f *member) byProfile() bool { return f.byRole || f.inFull != "" }

// model is all that the generated files are made from, in declared order.
type model struct {
	byName  map[string]*structure
	ordered []*structure
}

func (m *model) messages() []*structure {
	return slices.DeleteFunc(slices.Clone(m.ordered), func(s *structure) bool { return s.group == "" })
}

func (m *model) parts() []*structure {
	return slices.DeleteFunc(slices.Clone(m.ordered), func(s *structure) bool { return s.group != "" })
}

func (m *model) hasMember(is func(member) bool) bool {
	return slices.ContainsFunc(m.ordered, func(s *structure) bool { return slices.ContainsFunc(s.members, is) })
}

// parse reads the struct declarations of the named Go files. A part must be declared before the struct that embeds it.
func parse(files ...string) (*model, error) {
	m := &model{byName: map[string]*structure{}}
	set := token.NewFileSet()
	for _, path := range files {
		file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			if err := m.addDecl(decl); err != nil {
				return nil, fmt.Errorf("%s: %w", set.Position(decl.Pos()), err)
			}
		}
	}
	return m, nil
}

func (m *model) addDecl(decl ast.Decl) error {
	gen, ok := decl.(*ast.GenDecl)
	if !ok || gen.Tok != token.TYPE {
		return nil
	}
	spec := gen.Specs[0].(*ast.TypeSpec)
	body, ok := spec.Type.(*ast.StructType)
	if !ok {
		return nil
	}
	s := &structure{name: spec.Name.Name}
	comment, found := strings.CutPrefix(gen.Doc.Text(), s.name+": ")
	if s.meaning, s.clause = meaningAndClause(comment); !found || s.clause == "" {
		return fmt.Errorf("the comment of %s must read %q", s.name, s.name+": what it tells (clause).")
	}
	if err := s.readDirective(gen.Doc); err != nil {
		return err
	}
	for _, f := range body.Fields.List {
		if err := m.addMember(s, f); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	m.byName[s.name] = s
	m.ordered = append(m.ordered, s)
	return nil
}

var groups = []string{"call", "agent", "error", "protocol"}

// readDirective reads a line like "//event:call" or "//event:call extra".
func (s *structure) readDirective(doc *ast.CommentGroup) error {
	for _, c := range doc.List {
		rest, found := strings.CutPrefix(c.Text, "//event:")
		if !found {
			continue
		}
		words := strings.Fields(rest)
		if len(words) == 0 || !slices.Contains(groups, words[0]) {
			return fmt.Errorf("%s: the directive %q names none of the groups %v", s.name, c.Text, groups)
		}
		s.group = words[0]
		s.extra = s.group == "protocol" || slices.Contains(words[1:], "extra")
	}
	return nil
}

func (m *model) addMember(s *structure, f *ast.Field) error {
	if len(f.Names) == 0 {
		name := f.Type.(*ast.Ident).Name
		part := m.byName[name]
		if part == nil {
			return fmt.Errorf("embeds %s, which is not declared above it", name)
		}
		s.members = append(s.members, member{embed: part})
		return nil
	}
	out := member{goName: f.Names[0].Name, goType: typeText(f.Type)}
	if f.Tag == nil {
		return fmt.Errorf("field %s has no json tag", out.goName)
	}
	text, err := strconv.Unquote(f.Tag.Value)
	if err != nil {
		return err
	}
	tag := reflect.StructTag(text)
	key, options, _ := strings.Cut(tag.Get("json"), ",")
	out.key, out.omitEmpty = key, options == "omitempty"
	if err := out.readProfile(tag.Get("profile")); err != nil {
		return err
	}
	out.meaning, out.clause = meaningAndClause(f.Comment.Text())
	if out.clause == "" {
		out.clause = s.clause
	}
	if out.meaning == "" {
		return fmt.Errorf("field %s has no comment behind it that says what it means", out.goName)
	}
	if base := tag.Get("full"); base != "" {
		return s.standIn(out, base)
	}
	s.members = append(s.members, out)
	return nil
}

func (f *member) readProfile(tag string) error {
	switch tag {
	case "", "full":
		f.full = tag == "full"
	case "by-role":
		f.byRole = true
		if f.goType != "string" || !f.omitEmpty {
			return fmt.Errorf("field %s: only a string with omitempty can be left out by its role", f.goName)
		}
	default:
		return fmt.Errorf("field %s: profile %q is neither full nor by-role", f.goName, tag)
	}
	return nil
}

// standIn has the field before f give way to f in profile full, where f is set.
func (s *structure) standIn(f member, key string) error {
	last := len(s.members) - 1
	if last < 0 || s.members[last].key != key {
		return fmt.Errorf("field %s: the field before it must have the key %q", f.goName, key)
	}
	base := &s.members[last]
	if base.full || base.goType != "string" || f.goType != "string" || !base.omitEmpty {
		return fmt.Errorf("field %s: a string can stand in for a string with omitempty of both profiles, and no other", f.goName)
	}
	base.inFull = f.goName
	base.meaning += "; in full also " + f.meaning
	base.clause += ", " + f.clause
	return nil
}

func typeText(e ast.Expr) string {
	switch t := e.(type) {
	case *ast.Ident:
		return t.Name
	case *ast.ArrayType:
		return "[]" + typeText(t.Elt)
	case *ast.StarExpr:
		return "*" + typeText(t.X)
	}
	return fmt.Sprintf("%T", e)
}

var clausePattern = regexp.MustCompile(`\s*\(((?:R\d|\d\.\d|protocol\.md \d|call-events\.txt)[^()]*)\)[.]?$`)

// meaningAndClause splits a comment such as "start to answer, seconds (R18)".
func meaningAndClause(comment string) (meaning, clause string) {
	text := strings.Join(strings.Fields(comment), " ")
	if at := clausePattern.FindStringSubmatchIndex(text); at != nil {
		return strings.TrimSpace(text[:at[0]]), text[at[2]:at[3]]
	}
	return text, ""
}
