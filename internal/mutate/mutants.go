package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
)

// mutant is a file with one change.
type mutant struct {
	file     string
	line     int
	function string
	change   string // what became what
	nth      int    // of the same change in the same function, from 1
	source   []byte
}

// id names a mutant independently of the number of its line.
func (m mutant) id() string {
	return fmt.Sprintf("%s %s: %s #%d", m.file, m.function, m.change, m.nth)
}

// operators are the changes of a binary operator.
var operators = map[token.Token][]token.Token{
	token.EQL:  {token.NEQ},
	token.NEQ:  {token.EQL},
	token.LSS:  {token.LEQ, token.GEQ},
	token.LEQ:  {token.LSS, token.GTR},
	token.GTR:  {token.GEQ, token.LEQ},
	token.GEQ:  {token.GTR, token.LSS},
	token.LAND: {token.LOR},
	token.LOR:  {token.LAND},
	token.ADD:  {token.SUB},
	token.SUB:  {token.ADD},
	token.MUL:  {token.QUO},
	token.QUO:  {token.MUL},
}

// words are the changes of a name. again and stop are cells of the retry table.
var words = map[string]string{"true": "false", "false": "true", "again": "stop", "stop": "again"}

// mutantsOf finds all mutants of a file, besides those above: the condition of
// an if turned around, a whole number raised by one, a call or an assignment
// left out, break and continue exchanged.
func mutantsOf(file string) ([]mutant, error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	positions := token.NewFileSet()
	tree, err := parser.ParseFile(positions, file, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var found []mutant
	seen := map[string]int{}
	for _, declaration := range tree.Decls {
		name := "(declaration)"
		if f, ok := declaration.(*ast.FuncDecl); ok {
			name = f.Name.Name
			if f.Recv != nil {
				name = text(source, positions, f.Recv.List[0].Type) + "." + name
			}
		}
		add := func(from, to token.Pos, replacement, change string) {
			m := mutant{file: file, line: positions.Position(from).Line, function: name, change: change}
			seen[name+change]++
			m.nth = seen[name+change]
			m.source = append(m.source, source[:positions.Position(from).Offset]...)
			m.source = append(m.source, replacement...)
			m.source = append(m.source, source[positions.Position(to).Offset:]...)
			found = append(found, m)
		}
		replace := func(n ast.Node, replacement string) {
			add(n.Pos(), n.End(), replacement, text(source, positions, n)+" → "+replacement)
		}
		ast.Inspect(declaration, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec:
				return false
			case *ast.BinaryExpr:
				for _, other := range operators[n.Op] {
					add(n.OpPos, n.OpPos+token.Pos(len(n.Op.String())), other.String(),
						fmt.Sprintf("%s: %s → %s", text(source, positions, n), n.Op, other))
				}
			case *ast.IfStmt:
				replace(n.Cond, "!("+text(source, positions, n.Cond)+")")
			case *ast.Ident:
				if other := words[n.Name]; other != "" {
					replace(n, other)
				}
			case *ast.BasicLit:
				if value, err := strconv.Atoi(n.Value); n.Kind == token.INT && err == nil {
					replace(n, strconv.Itoa(value+1))
				}
			case *ast.ExprStmt:
				replace(n, "")
			case *ast.AssignStmt:
				if n.Tok != token.DEFINE {
					replace(n, "")
				}
			case *ast.IncDecStmt:
				replace(n, "")
			case *ast.BranchStmt:
				switch {
				case n.Tok == token.BREAK && n.Label == nil:
					replace(n, "continue")
				case n.Tok == token.CONTINUE && n.Label == nil:
					replace(n, "break")
				}
			}
			return true
		})
	}
	return found, nil
}

// text is the source of a node on one line.
func text(source []byte, positions *token.FileSet, n ast.Node) string {
	return strings.Join(strings.Fields(string(source[positions.Position(n.Pos()).Offset:positions.Position(n.End()).Offset])), " ")
}
