package cli

import (
	"encoding/json"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
)

// readDefinition reads a template as the API returns it, or as
// kirim.TemplateCreateParams has it for one that is still to be created.
func readDefinition(a *app.App, file string) (*kirim.MessageTemplate, error) {
	text, err := a.ReadInput(file, largestMessage)
	if err != nil {
		return nil, err
	}
	definition := new(kirim.MessageTemplate)
	if err := json.Unmarshal(text, definition); err != nil {
		return nil, app.WithHint(app.Usagef("the template in %s is not a JSON object of the form of a template", inputName(file)),
			"save one with kirim templates get NAME --language CODE --json")
	}
	return definition, nil
}
