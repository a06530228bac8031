package jsonscan_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/kirim-go/kirim/internal/jsonscan"
)

func TestAValueOfAnotherTypeIsReadAsFarAsItMakesSense(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for _, c := range []struct {
		document string
		text     string
		whole    int64
		number   float64
		truth    bool
		optional *bool
		words    []string
	}{
		{`"a"`, "a", 0, 0, false, &no, []string{"a"}},
		{`""`, "", 0, 0, false, &no, nil},
		{`null`, "", 0, 0, false, nil, nil},
		{`true`, "true", 0, 0, true, &yes, []string{"true"}},
		{`false`, "false", 0, 0, false, &no, []string{"false"}},
		{`"true"`, "true", 0, 0, true, &yes, []string{"true"}},
		{`1`, "1", 1, 1, true, nil, []string{"1"}},
		{`"12"`, "12", 12, 12, false, &no, []string{"12"}},
		{`-1.9`, "-1.9", -1, -1.9, false, nil, []string{"-1.9"}},
		{`1e3`, "1e3", 1000, 1000, false, nil, []string{"1e3"}},
		{`9223372036854775807`, "9223372036854775807", 1<<63 - 1, 1 << 63, false, nil, []string{"9223372036854775807"}},
		{`9223372036854775808`, "9223372036854775808", 0, 1 << 63, false, nil, []string{"9223372036854775808"}},
		{`1e400`, "1e400", 0, 0, false, nil, []string{"1e400"}},
		{`"NaN"`, "NaN", 0, 0, false, &no, []string{"NaN"}},
		{`"Inf"`, "Inf", 0, 0, false, &no, []string{"Inf"}},
		{`{"a":1}`, "", 0, 0, false, nil, nil},
		{`["a",2,"",null,{"b":"c"},"\u0064"]`, "", 0, 0, false, nil, []string{"a", "2", "d"}},
	} {
		t.Run(c.document, func(t *testing.T) {
			t.Parallel()
			r := func() *jsonscan.Reader { return jsonscan.New([]byte(c.document)) }
			got := []any{r().Text(), r().Int(), r().Float(), r().Bool(), r().OptionalBool(), r().Words()}
			if want := []any{c.text, c.whole, c.number, c.truth, c.optional, c.words}; !reflect.DeepEqual(got, want) {
				t.Errorf("got %#v, want %#v", got, want)
			}
			if n, ok := jsonscan.ParseInt(c.text); n != c.whole || !ok && n != 0 {
				t.Errorf("ParseInt: %d, %v", n, ok)
			}
		})
	}
}

func TestANumberHasNothingAroundIt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"0": true, "-1.50": true, "1e9": true, "": false, " 1": false, "1 ": false, "+1": false, "01": false, "1.": false, "1,5": false, "NaN": false,
	} {
		if got := jsonscan.IsNumber(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestTheLastOfRepeatedFieldsCounts(t *testing.T) {
	t.Parallel()
	const document = `{"a":"1","b":"2","a":"3","\u0061":"4"}`
	if got := jsonscan.New([]byte(document)).Member("a"); got != "4" {
		t.Errorf("Member: %q", got)
	}
	var a, b string
	jsonscan.New([]byte(document)).Texts(map[string]*string{"a": &a, "b": &b})
	if a != "4" || b != "2" {
		t.Errorf("Texts: %q, %q", a, b)
	}
}

func TestALoopMayLeaveEverythingUnread(t *testing.T) {
	t.Parallel()
	r := jsonscan.New([]byte(`{"list":[{"a":[1]},"x",null],"b":{"c":1}}`))
	var names []string
	elements := 0
	for name := range r.Fields() {
		names = append(names, string(name))
		if string(name) == "list" {
			for range r.Elements() {
				elements++
			}
		}
	}
	if !r.Done() || !slices.Equal(names, []string{"list", "b"}) || elements != 3 {
		t.Errorf("done %v, fields %q, %d elements", r.Done(), names, elements)
	}
}

func TestObjectsLeaveOutWhatIsNone(t *testing.T) {
	t.Parallel()
	name := func(r *jsonscan.Reader, s *string) { *s = r.Member("name") }
	r := jsonscan.New([]byte(`[{"name":"a"},1,null,[],{"name":2},{}]`))
	if got := jsonscan.Objects(r, name); !slices.Equal(got, []string{"a", "2", ""}) || !r.Done() {
		t.Errorf("got %q, done %v", got, r.Done())
	}
	for document, want := range map[string]string{`{"name":"a"}`: "a", `[]`: "<nil>", `null`: "<nil>", `"a"`: "<nil>"} {
		got := "<nil>"
		if s := jsonscan.Object(jsonscan.New([]byte(document)), name); s != nil {
			got = *s
		}
		if got != want {
			t.Errorf("%s: %s", document, got)
		}
	}
}

func TestWhatIsTakenCannotGrowIntoTheDocument(t *testing.T) {
	t.Parallel()
	document := []byte(`["a","b"]`)
	r := jsonscan.New(document)
	for range r.Elements() {
		raw := r.Skip()
		_ = append(raw, "more"...)
	}
	if string(document) != `["a","b"]` {
		t.Errorf("the document is now %s", document)
	}
}

func TestAfterAFaultNothingMoreIsRead(t *testing.T) {
	t.Parallel()
	r := jsonscan.New([]byte(`[1,?,2,3]`))
	n := 0
	for range r.Elements() {
		n++
		r.Text()
	}
	if n != 2 || !r.Failed() || r.Done() || r.Text() != "" || r.Skip() != nil || r.Peek() != 0 {
		t.Errorf("%d elements, failed %v", n, r.Failed())
	}
}

func TestAWordThatRecursIsNotAllocated(t *testing.T) {
	// Not parallel: AllocsPerRun counts what the whole process allocates.
	document := []byte(`"delivered"`)
	var word string
	if n := testing.AllocsPerRun(100, func() { word = jsonscan.New(document).Intern("sent", "delivered") }); n != 0 || word != "delivered" {
		t.Errorf("%v allocations for %q", n, word)
	}
	for _, c := range []struct{ document, want string }{{`"other"`, "other"}, {`"\u0073ent"`, "sent"}, {`7`, "7"}, {`{}`, ""}} {
		if got := jsonscan.New([]byte(c.document)).Intern("sent"); got != c.want {
			t.Errorf("%s: %s", c.document, fmt.Sprintf("%q", got))
		}
	}
}
