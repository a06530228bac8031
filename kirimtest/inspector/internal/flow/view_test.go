package flow

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

// pixel is a PNG.
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="

// everything is a flow with each component, with %[1]s in each of its texts.
const everything = `{"type":"TextHeading","text":%[1]s},{"type":"TextSubheading","text":%[1]s},
	{"type":"TextBody","text":%[1]s,"font-weight":"bold_italic","strikethrough":true},{"type":"TextBody","text":%[1]s,"font-weight":%[1]s},{"type":"TextCaption","text":[%[1]s,%[1]s],"markdown":true},
	{"type":"RichText","text":[%[1]s,"# one","## two","- item","+ item","1. first","2. second","**bold** *italic* ~~struck~~ [link](https://shop.example)","![x](data:image/png;base64,AAAA)"]},
	{"type":"Image","src":"` + pixel + `","alt-text":%[1]s,"width":20,"height":20},{"type":"Image","src":%[1]s},{"type":"Image","src":"https://elsewhere.example/a.png"},
	{"type":"ImageCarousel","images":[{"src":"data:image/png;base64,` + pixel + `","alt-text":%[1]s},{"src":"AAAA","alt-text":%[1]s}]},
	{"type":"TextInput","name":"a","label":%[1]s,"helper-text":%[1]s,"init-value":%[1]s,"required":true,"min-chars":10000,"error-message":%[1]s,"input-type":%[1]s},
	{"type":"TextInput","name":%[1]s,"label":"x"},
	{"type":"TextArea","name":"b","label":%[1]s,"helper-text":%[1]s,"init-value":%[1]s},
	{"type":"Dropdown","name":"c","label":%[1]s,"data-source":[{"id":%[1]s,"title":%[1]s,"description":%[1]s}]},
	{"type":"RadioButtonsGroup","name":"d","label":%[1]s,"description":%[1]s,"data-source":[{"id":%[1]s,"title":%[1]s,"description":%[1]s,"metadata":%[1]s,"image":"` + pixel + `","alt-text":%[1]s}]},
	{"type":"CheckboxGroup","name":"e","label":%[1]s,"data-source":[{"id":%[1]s,"title":%[1]s,"color":%[1]s},{"id":"2","title":"Two","color":"#12aB34"}]},
	{"type":"ChipsSelector","name":"f","label":%[1]s,"data-source":[{"id":%[1]s,"title":%[1]s}]},
	{"type":"OptIn","name":"g","label":%[1]s,"on-click-action":{"name":"open_url","url":%[1]s}},
	{"type":"DatePicker","name":"h","label":%[1]s,"helper-text":%[1]s,"min-date":%[1]s,"init-value":%[1]s},
	{"type":"CalendarPicker","name":"i","mode":"range","title":%[1]s,"description":%[1]s,"label":{"start-date":%[1]s,"end-date":%[1]s},"helper-text":{"start-date":%[1]s},"init-value":{"start-date":%[1]s,"end-date":%[1]s}},
	{"type":"EmbeddedLink","text":%[1]s,"on-click-action":{"name":"update_data","payload":{}}},
	{"type":"NavigationList","name":"j","label":%[1]s,"list-items":[{"id":"1","main-content":{"title":%[1]s,"description":%[1]s,"metadata":%[1]s},"on-click-action":{"name":"update_data","payload":{}}}]},
	{"type":"PhotoPicker","name":"k","label":%[1]s},{"type":%[2]s},
	{"type":"If","condition":%[1]s,"then":[{"type":"TextBody","text":%[1]s}],"else":[{"type":"TextBody","text":%[1]s}]},{"type":"Switch","value":%[1]s,"cases":{"x":[]}},
	{"type":"Footer","label":%[1]s,"left-caption":%[1]s,"right-caption":%[1]s,"on-click-action":{"name":%[1]s}}`

func TestEveryTextOfAFlowIsEscaped(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{
		`<script>window.hacked = 1</script>`, `"><img src=x onerror="window.hacked = 1">`, `' onfocus='window.hacked = 1' autofocus x='`, `javascript:window.hacked = 1`,
		`**<script>*x*</script>**`, `[<script>](javascript:window.hacked=1)`, `- <img src=x onerror=x>`, "</textarea></select><script>", "{{.}}", "${data.evil}", "`'<script>'`",
	} {
		quoted, _ := json.Marshal(evil)
		s := opened(t, fmt.Sprintf(everything, quoted, quoted), `{"evil":"<script>x</script>","error_message":"<script>"}`)
		_ = s.Press(t.Context(), "") // with what is wrong with the fields
		text := html(s)
		for _, part := range []string{"<script", "<img src=x", "<a ", "href=", " onfocus='", " onerror=\"", "javascript:window.hacked = 1\" src", "</textarea></select>"} {
			if strings.Contains(text, part) {
				t.Errorf("%s: %q is in\n%s", evil, part, text)
			}
		}
		if !strings.Contains(text, "&lt;") && strings.Contains(evil, "<") {
			t.Errorf("%s: it is not shown", evil)
		}
	}
}

func TestWhatIsNotDrawnIsSaid(t *testing.T) {
	t.Parallel()
	s := opened(t, fmt.Sprintf(everything, `"x"`, `"HolographicPicker"`), `{}`)
	text := html(s)
	for _, want := range []string{
		"The component HolographicPicker is not drawn by the sandbox.", "The component PhotoPicker is not drawn by the sandbox.", "The picture is not base64.", "neither PNG, JPEG nor WebP",
		"<h3>one</h3>", "<h4>two</h4>", "<ul><li>item</li><li>item</li></ul>", "<ol><li>first</li><li>second</li></ol>", "<strong>bold</strong> <em>italic</em> <s>struck</s>",
		"<u>link</u> (https://shop.example)", "[picture: x]", `data-weight="bold_italic" data-struck`, `fill="#12aB34"`, `src="data:image/png;base64,` + pixel, `width="20" height="20"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, "elsewhere.example") {
		t.Error("a picture is loaded from elsewhere")
	}
	def := parsed(t, `{"version":"7.1","screens":[{"id":"A","data":{"given":{},"missing":{}},"layout":{"type":"SingleColumnLayout","children":[{"type":"TextBody","text":"Hi ${data.given}"},{"type":"Dropdown","name":"d","label":"D","data-source":"${data.none}"}]}}]}`)
	s, err := NewSession(t.Context(), def, nil, Open{Data: map[string]any{"given": "x"}})
	if err != nil {
		t.Fatal(err)
	}
	if notes := strings.Join(s.View().Notes, "\n"); !strings.Contains(notes, `the data "missing"`) || !strings.Contains(notes, "mixes text and ${…}") || !strings.Contains(notes, `"d" has no options`) {
		t.Errorf("notes: %s", notes)
	}
}

// FuzzFlow opens whatever is a definition, fills it and presses its buttons.
func FuzzFlow(f *testing.F) {
	for _, name := range []string{"table.json", "appointment.json"} {
		text, err := os.ReadFile("../../../../docs/flows/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, `{"name":"Ana"}`)
	}
	f.Add([]byte(one(fmt.Sprintf(everything, `"x"`, `"Y"`))), `{"a":"x","e":["x"],"g":true,"i":{"start-date":"2026-01-01"}}`)
	f.Add([]byte(one("{\"type\":\"TextBody\",\"text\":\"`(${form.a} + 1) '<script>' !true`\"}")), `{}`)
	f.Fuzz(func(t *testing.T, definition []byte, values string) {
		def, err := Parse(definition)
		if err != nil {
			return
		}
		s, err := NewSession(t.Context(), def, nil, Open{Token: "t"})
		if err != nil {
			t.Fatalf("its own first screen: %v", err)
		}
		var entered map[string]json.RawMessage
		if json.Unmarshal([]byte(values), &entered) == nil {
			_ = s.Set(entered)
		}
		for range 3 {
			v := s.View()
			if _, err := json.Marshal(v); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(strings.ToLower(html(s)), "<script") {
				t.Fatalf("a script in %s", html(s))
			}
			for _, field := range v.Fields {
				_ = s.Select(t.Context(), field.Name, "x", true)
			}
			_ = s.Press(t.Context(), "")
		}
	})
}
