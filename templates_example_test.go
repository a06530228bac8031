package kirim_test

import (
	"errors"
	"fmt"

	"github.com/kirim-go/kirim"
)

// orderReady is what Templates.Get returns for such a template.
func orderReady() *kirim.MessageTemplate {
	return kirim.TemplateCreateParams{
		Name: "order_ready", Category: kirim.TemplateUtility, Language: "en",
		Components: []kirim.ComponentDefinition{
			kirim.DefineHeaderText("Order {{1}}", "A-17"),
			kirim.DefineBody("Hello {{1}}, your order is *ready* until {{2}}.", "Ana", "8 pm"),
			kirim.DefineButtons(kirim.DefineURLButton("Track", "https://shop.example/{{1}}", "A-17")),
		},
	}.Definition()
}

func ExampleTemplate_Check() {
	message := kirim.Template{Name: "order_ready", Language: "en", Components: []kirim.Component{
		kirim.FillHeaderImage("https://shop.example/a.jpg"),
		kirim.FillBody("Ana"),
		kirim.ButtonURL(0, ""),
	}}
	var invalid *kirim.ValidationError
	if err := message.Check(orderReady()); errors.As(err, &invalid) {
		for _, v := range invalid.Violations {
			fmt.Println(v)
		}
	}
	// Output:
	// template.components[0].parameters[0].type: want text, got image
	// template.components[1].parameters: want 2 parameters for the body, got 1
	// template.components[2].parameters[0].text: want a text, got an empty one
}

// A template that Meta has paused is matched as when it is sent.
func ExampleTemplate_Check_paused() {
	definition := orderReady()
	definition.Status = kirim.TemplatePaused
	message := kirim.Template{Name: "order_ready", Language: "en", Components: []kirim.Component{
		kirim.FillHeaderText("A-17"), kirim.FillBody("Ana", "8 pm"), kirim.ButtonURL(0, "A-17"),
	}}
	if err := message.Check(definition); kirim.IsTemplateUnavailable(err) {
		fmt.Println("send another template:", err)
	}
	// Output:
	// send another template: kirim: invalid request: template.status: want an approved template, got one that is paused
}

func ExampleTemplate_Preview() {
	message := kirim.Template{Name: "order_ready", Language: "en", Components: []kirim.Component{
		kirim.FillHeaderText("A-17"), kirim.FillBody("Ana <ana@shop.example>"), kirim.ButtonURL(0, "A-17"),
	}}
	preview, err := message.Preview(orderReady())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(preview.Text())
	fmt.Println()
	fmt.Println(preview.HTML())
	// Output:
	// Order A-17
	// Hello Ana <ana@shop.example>, your order is *ready* until {{2}}.
	// [ Track ] https://shop.example/A-17
	//
	// <div class="kirim-message"><div class="kirim-header" dir="auto">Order A-17</div><div class="kirim-body" dir="auto">Hello Ana &lt;ana@shop.example&gt;, your order is <strong>ready</strong> until {{2}}.</div><ul class="kirim-buttons"><li><a href="https://shop.example/A-17" rel="noopener noreferrer nofollow">Track</a></li></ul></div>
}
