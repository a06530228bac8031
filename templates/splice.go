package templates

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// splicer changes a text where two trees of it differ.
type splicer struct {
	*layout
	isJSON bool
	edits  []edit
}

// edit replaces a part of a text.
type edit struct {
	span
	text string
}

// holder is what a value belongs to: a member, after its colon, or an item, after its
// dash.
type holder struct {
	after  int // where the value may begin
	indent int // of the key or the dash
	end    int // of its last line, with its line feed
	inFlow bool
}

// entry is a member or an item in a block, each of which begins a line.
type entry struct {
	holder
	key   *yaml.Node // nil for an item
	value *yaml.Node
	lead  int // where its comments and the blank lines before it begin
	start int // where the key or the dash is
	// afterDash reports that it does not begin its line, as the first member of an item.
	afterDash bool
}

func (s *splicer) edit(start, end int, text string) {
	s.edits = append(s.edits, edit{span{start, end}, text})
}

// change makes the value of a node the new one. old and wanted are the same value before
// and after, each written in full.
func (s *splicer) change(old, wanted, node *yaml.Node, h holder) {
	switch {
	case s.failed || equal(old, wanted):
	case wanted.Kind != yaml.ScalarNode && len(wanted.Content) == 0:
		s.replace(wanted, node, h)
	case node.Kind == yaml.ScalarNode && short(wanted).Kind == yaml.ScalarNode:
		s.changeScalar(short(wanted), node, h)
	case node.Kind == yaml.MappingNode && wanted.Kind == yaml.MappingNode && isFlow(node):
		s.changeFlow(old, wanted, node, h)
	case node.Kind == yaml.SequenceNode && wanted.Kind == yaml.SequenceNode && isFlow(node):
		s.changeFlow(old, wanted, node, h)
	case node.Kind == yaml.MappingNode && wanted.Kind == yaml.MappingNode:
		s.changeMembers(old, wanted, s.members(node, h))
	case node.Kind == yaml.SequenceNode && wanted.Kind == yaml.SequenceNode:
		s.changeItems(old, wanted, s.items(node, h))
	default:
		s.replace(wanted, node, h)
	}
}

// equal reports whether two trees are the same value.
func equal(a, b *yaml.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Kind == b.Kind && a.Value == b.Value && (a.Tag == b.Tag || a.Kind != yaml.ScalarNode) && slices.EqualFunc(a.Content, b.Content, equal)
}

// memberOf returns a member of a mapping, nil for none.
func memberOf(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// changeFlow changes what is in brackets: in place where the members stay, and else as
// a whole.
func (s *splicer) changeFlow(old, wanted, node *yaml.Node, h holder) {
	h.inFlow = true
	if node.Kind == yaml.SequenceNode {
		if len(wanted.Content) != len(node.Content) || len(old.Content) != len(node.Content) {
			s.replace(wanted, node, h)
			return
		}
		for i, item := range node.Content {
			s.change(old.Content[i], wanted.Content[i], item, h)
		}
		return
	}
	if len(wanted.Content) != len(node.Content) {
		s.replace(wanted, node, h)
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i].Value
		before, after := memberOf(old, key), memberOf(wanted, key)
		if before == nil || after == nil || isAbsent(node.Content[i+1]) {
			s.replace(wanted, node, h)
			return
		}
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i].Value
		s.change(memberOf(old, key), memberOf(wanted, key), node.Content[i+1], h)
	}
}

// members returns those of a block.
func (s *splicer) members(node *yaml.Node, h holder) []entry {
	entries := make([]entry, 0, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		after := s.end(key)
		after += len(s.text[after:]) - len(bytes.TrimLeft(s.text[after:], " "))
		if after >= len(s.text) || s.text[after] != ':' {
			s.fail()
			return nil
		}
		start := s.start(key)
		entries = append(entries, entry{key: key, value: node.Content[i+1], start: start, holder: holder{after: after + 1, indent: key.Column - 1}})
	}
	return s.extents(entries, h)
}

// items returns those of a block.
func (s *splicer) items(node *yaml.Node, h holder) []entry {
	entries := make([]entry, 0, len(node.Content))
	for _, item := range node.Content {
		at := s.start(item)
		dash := bytes.LastIndexByte(s.text[:at], '-')
		if s.failed || dash < 0 || len(bytes.TrimSpace(s.text[dash+1:at])) > 0 || s.column(dash) != node.Column-1 {
			s.fail()
			return nil
		}
		entries = append(entries, entry{value: item, start: dash, holder: holder{after: dash + 1, indent: node.Column - 1}})
	}
	return s.extents(entries, h)
}

// extents sets where each entry begins, with what stands before it, and where it ends.
func (s *splicer) extents(entries []entry, h holder) []entry {
	for i := range entries {
		e := &entries[i]
		line := s.lineStart(e.start)
		isFirst := len(bytes.TrimSpace(s.text[line:e.start])) == 0
		switch {
		case i > 0 && !isFirst:
			s.fail() // two on a line
		case i > 0:
			e.lead = entries[i-1].end
		case isFirst:
			if e.lead = line; h.after < line { // what is in between has no other place
				e.lead = min(line, s.nextLine(h.after))
			}
		default:
			e.lead, e.afterDash = e.start, true
		}
		e.end = h.end
		if i+1 < len(entries) {
			e.end = s.lineStart(entries[i+1].start)
		}
		// What is before the next entry belongs to that one, unless it is indented more.
		for e.end > s.nextLine(e.start) {
			line := s.lineStart(e.end - 1)
			text := bytes.TrimSpace(s.text[line:e.end])
			if line <= e.start || len(text) > 0 && (text[0] != '#' || indentation(s.text[line:]) > e.indent) {
				break
			}
			e.end = line
		}
	}
	return entries
}

// changeMembers changes, removes and adds members of a block.
func (s *splicer) changeMembers(old, wanted *yaml.Node, entries []entry) {
	if s.failed || len(entries) == 0 {
		s.fail()
		return
	}
	for i, e := range entries {
		before, after := memberOf(old, e.key.Value), memberOf(wanted, e.key.Value)
		switch {
		case after == nil && before != nil:
			s.remove(entries, i)
		case after == nil: // it says nothing
		case before == nil:
			s.replace(after, e.value, e.holder)
		default:
			s.change(before, after, e.value, e.holder)
		}
	}
	isSpaced := len(entries) > 1 && !slices.ContainsFunc(entries[1:], func(e entry) bool {
		return len(bytes.TrimSpace(s.text[e.lead:s.nextLine(e.lead)])) > 0
	})
	for i := 0; i+1 < len(wanted.Content); i += 2 {
		if !slices.ContainsFunc(entries, func(e entry) bool { return e.key.Value == wanted.Content[i].Value }) {
			s.add(wanted, i, entries, isSpaced)
		}
	}
}

// add adds a member after the one that it follows in the new value.
func (s *splicer) add(wanted *yaml.Node, member int, entries []entry, isSpaced bool) {
	text := string(appendEntry(nil, wanted.Content[member], wanted.Content[member+1], entries[0].indent))
	for i := member - 2; i >= 0; i -= 2 {
		at := slices.IndexFunc(entries, func(e entry) bool { return e.key.Value == wanted.Content[i].Value })
		if at >= 0 {
			if isSpaced {
				text = "\n" + text
			}
			s.edit(entries[at].end, entries[at].end, text)
			return
		}
	}
	if isSpaced {
		text += "\n"
	}
	if first := entries[0]; first.afterDash {
		s.edit(first.end, first.end, text)
	} else if first.indent == 0 { // comments at the top are on the whole file
		s.edit(first.start, first.start, text)
	} else {
		s.edit(first.lead, first.lead, text)
	}
}

// remove removes a member. Its comments stay.
func (s *splicer) remove(entries []entry, i int) {
	e := entries[i]
	if e.afterDash {
		if i+1 == len(entries) || len(s.commentsIn(e.start, entries[i+1].start)) > 0 {
			s.fail()
			return
		}
		s.edit(e.start, entries[i+1].start, "")
		return
	}
	s.edit(e.lead, e.end, s.saved(e.lead, e.end, e.indent))
}

// saved returns the comments of a part of the text on lines of their own. Those beside
// marks go with them.
func (s *splicer) saved(start, end, indent int) string {
	comments := slices.DeleteFunc(s.commentsIn(start, end), func(c string) bool { return c == markComment })
	return string(appendComments(nil, strings.Join(comments, "\n"), indent))
}

// changeItems makes the items of a block the new ones. Those that are there before and
// after move with their comments.
func (s *splicer) changeItems(old, wanted *yaml.Node, entries []entry) {
	if s.failed || len(entries) == 0 || len(entries) != len(old.Content) || entries[0].afterDash {
		s.fail()
		return
	}
	partners := match(len(wanted.Content), len(old.Content), func(i, j int) int { return alike(wanted.Content[i], old.Content[j], i == j) })
	inPlace := len(wanted.Content) == len(old.Content)
	for i, j := range partners {
		inPlace = inPlace && i == j
	}
	if inPlace {
		for i, e := range entries {
			s.change(old.Content[i], wanted.Content[i], e.value, e.holder)
		}
		return
	}
	var b strings.Builder
	orphans := func(j int) { // the comments of the items from j on that are removed
		for ; j < len(entries) && !slices.Contains(partners, j); j++ {
			b.WriteString(s.saved(entries[j].lead, entries[j].end, entries[j].indent))
		}
	}
	orphans(0)
	for i, j := range partners {
		if j < 0 {
			b.Write(appendItem(nil, wanted.Content[i], entries[0].indent))
			continue
		}
		e := entries[j]
		outer := s.edits
		s.edits = nil
		s.change(old.Content[j], wanted.Content[i], e.value, e.holder)
		piece := applied(s.text, e.lead, e.end, s.edits)
		if i == 0 { // a blank line was between it and the item above
			piece = bytes.TrimLeft(piece, "\n")
		}
		b.Write(piece)
		s.edits = outer
		orphans(j + 1)
	}
	s.edit(entries[0].lead, entries[len(entries)-1].end, b.String())
}

// alike says how much two values have in common: 0 for two of which one cannot have
// become the other.
func alike(a, b *yaml.Node, samePlace bool) (points int) {
	if equal(a, b) {
		points = 1000
	} else if a.Kind != yaml.MappingNode || b.Kind != yaml.MappingNode || !equal(memberOf(a, "type"), memberOf(b, "type")) {
		return 0
	}
	for i := 0; i+1 < len(a.Content); i += 2 {
		if a.Content[i].Value != "type" && equal(a.Content[i+1], memberOf(b, a.Content[i].Value)) {
			points += 2
		}
	}
	if samePlace {
		points++
	}
	return points
}

// replace writes a value again, as a whole.
func (s *splicer) replace(wanted, node *yaml.Node, h holder) {
	wanted = short(wanted)
	start, end := s.start(node), s.end(node)
	if s.failed {
		return
	}
	if h.inFlow {
		if isAbsent(node) || len(s.commentsIn(start, end)) > 0 {
			s.fail()
			return
		}
		text := inlineText(wanted, true)
		if s.isJSON {
			line := s.text[s.lineStart(start):]
			text = string(indented(wanted, string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])))
		}
		s.edit(start, end, text)
		return
	}
	var head, body string
	switch text := inlineText(wanted, false); {
	case isInline(wanted), isFlow(node) && len(text) <= 80 && !strings.Contains(text, markComment):
		if head = text; wanted.LineComment != "" {
			head += " " + wanted.LineComment
		}
	case isLiteral(wanted):
		head, body = literalHeader(wanted), string(appendLiteral(nil, wanted.Value, h.indent+2))
	default:
		body = string(appendBlock(nil, wanted, h.indent+2))
	}
	s.rewrite(head, body, node, h, start, end)
}

// rewrite puts what a value is on the line of its key, and on the lines below, in place
// of a node.
func (s *splicer) rewrite(head, body string, node *yaml.Node, h holder, start, end int) {
	if head != "" {
		head = " " + head
	}
	line := s.lineStart(h.after)
	if isAbsent(node) {
		start, end = h.after, h.after
	}
	below := s.nextLine(max(h.after, end-1))
	if s.lineOf(start) == s.lineOf(h.after) {
		s.edit(line, line, s.saved(start, end, h.indent))
		s.edit(h.after, end, head)
		s.edit(below, below, body)
		return
	}
	below = s.nextLine(h.after)
	s.edit(line, line, s.saved(below, h.end, h.indent))
	s.edit(h.after, h.after, head)
	s.edit(below, h.end, body)
}

// changeScalar makes a text another one, in the same style where that can have it.
func (s *splicer) changeScalar(wanted, node *yaml.Node, h holder) {
	start, end := s.start(node), s.end(node)
	if s.failed || !isBlockText(node) && !isAbsent(node) && (h.inFlow || !isLiteral(wanted) || node.Style&yaml.DoubleQuotedStyle != 0) {
		if !s.failed {
			s.edit(start, end, s.styled(wanted, node, h.inFlow))
		}
		return
	}
	if !isBlockText(node) {
		s.replace(wanted, node, h)
		return
	}
	indent, _ := s.block(start)
	below := s.nextLine(start)
	if s.failed || indent == 0 || !canBeLiteral(wanted.Value) {
		s.replace(wanted, node, h)
		return
	}
	header := start + bytes.IndexAny(s.text[start:], " \t\r\n")
	if s.text[start] == '>' || wanted.Tag != tagBody && s.text[header-1] != '-' {
		s.edit(start, header, literalHeader(wanted))
	}
	s.edit(below, min(end+1, len(s.text)), string(appendLiteral(nil, wanted.Value, indent)))
}

// styled returns a text on one line, in quotes where the node is.
func (s *splicer) styled(wanted, node *yaml.Node, inFlow bool) string {
	isText := wanted.Kind == yaml.ScalarNode && !strings.HasPrefix(inlineText(wanted, inFlow), "!!") && (wanted.Tag == "!!str" || wanted.Tag == tagBody)
	isPlainable := !strings.ContainsFunc(wanted.Value, func(r rune) bool { return !isPrintable(r) })
	switch {
	case s.isJSON:
		return string(appendJSON(nil, wanted))
	case isText && node.Style&yaml.SingleQuotedStyle != 0 && isPlainable:
		return "'" + strings.ReplaceAll(wanted.Value, "'", "''") + "'"
	case isText && node.Style&yaml.DoubleQuotedStyle != 0:
		return doubleQuoted(wanted.Value)
	}
	return inlineText(wanted, inFlow)
}

// applied returns a part of a text with edits, which must not overlap.
func applied(text []byte, start, end int, edits []edit) []byte {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Or(a.start-b.start, min(a.end-a.start, 1)-min(b.end-b.start, 1)) })
	var out []byte
	at := start
	for _, e := range edits {
		if e.start < at || e.end < e.start || e.end > end {
			return nil
		}
		out = append(append(out, text[at:e.start]...), e.text...)
		at = e.end
	}
	return append(out, text[at:end]...)
}

// spliced returns the text of a file with the values of another tree.
func spliced(f *File, wanted *yaml.Node) ([]byte, error) {
	s := &splicer{layout: newLayout(f.content, f.root), isJSON: isJSON(f.path)}
	end := len(f.content)
	if i := bytes.LastIndex(f.content, []byte("\n...\n")); i >= 0 { // the end of a document
		end = i + 1
	}
	s.change(f.tree(), wanted, f.root, holder{end: end})
	text := applied(f.content, 0, len(f.content), s.edits)
	if s.failed || text == nil {
		return nil, fmt.Errorf("templates: %s is written in an unusual way", f.path)
	}
	return text, nil
}
