package cli

import (
	"cmp"
	"context"
	"errors"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/cmd/kirim/internal/console"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/spf13/cobra"
)

// templateReader reads the templates of Kirim or of the Cloud API.
type templateReader interface {
	List(ctx context.Context, params kirim.TemplateListParams) (*kirim.Page[kirim.MessageTemplate], error)
	Get(ctx context.Context, name, language string) (*kirim.MessageTemplate, error)
}

type kirimTemplates struct{ *kirim.TemplatesService }

func (t kirimTemplates) List(ctx context.Context, params kirim.TemplateListParams) (*kirim.Page[kirim.MessageTemplate], error) {
	return t.TemplatesService.List(ctx, params)
}

func (t kirimTemplates) Get(ctx context.Context, name, language string) (*kirim.MessageTemplate, error) {
	return t.TemplatesService.Get(ctx, name, language)
}

type metaTemplates struct{ *cloudapi.TemplatesService }

func (t metaTemplates) List(ctx context.Context, params kirim.TemplateListParams) (*kirim.Page[kirim.MessageTemplate], error) {
	return t.list(ctx, cloudapi.TemplateListParams{Status: params.Status, Language: params.Language, Limit: params.Limit, Cursor: params.Cursor})
}

func (t metaTemplates) list(ctx context.Context, params cloudapi.TemplateListParams) (*kirim.Page[kirim.MessageTemplate], error) {
	page, err := t.TemplatesService.List(ctx, params)
	if err != nil {
		return nil, err
	}
	out := &kirim.Page[kirim.MessageTemplate]{HasMore: page.HasMore, NextCursor: page.NextCursor}
	for _, item := range page.Items {
		out.Items = append(out.Items, &item.MessageTemplate) // which keeps the other members in Extra
	}
	return out, nil
}

func (t metaTemplates) Get(ctx context.Context, name, language string) (*kirim.MessageTemplate, error) {
	params := cloudapi.TemplateListParams{Name: name, Language: language, Limit: largestPage}
	for { // Meta also lists templates whose name only contains the one that is asked for
		page, err := t.list(ctx, params)
		if err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			if item.Name == name && item.Language == language {
				return item, nil
			}
		}
		if !page.HasMore {
			return nil, notListed("template")
		}
		params.Cursor = page.NextCursor
	}
}

// templatesFlags choose whose templates are read.
type templatesFlags struct{ account string }

// reader returns the templates of the number, or of the account at Meta.
func (f *templatesFlags) reader(a *app.App) (templateReader, error) {
	conn, err := a.Connect(app.Kirim, app.CloudAPI)
	if err != nil {
		return nil, err
	}
	if conn.System.Name != app.CloudAPI {
		n, err := conn.Number()
		if err != nil {
			return nil, err
		}
		return kirimTemplates{n.Templates}, nil
	}
	account, err := f.accountID(a)
	if err != nil {
		return nil, err
	}
	c, err := conn.CloudAPI()
	if err != nil {
		return nil, err
	}
	return metaTemplates{c.Account(account).Templates()}, nil
}

// accountID is the WhatsApp Business Account.
func (f *templatesFlags) accountID(a *app.App) (string, error) {
	account := cmp.Or(f.account, a.Getenv("META_ACCOUNT_ID"))
	if account == "" {
		return "", app.WithHint(app.Usagef("the WhatsApp Business Account is not set"), "give --account or set META_ACCOUNT_ID")
	}
	return account, nil
}

func newTemplates(a *app.App) *cobra.Command {
	var source templatesFlags
	var params kirim.TemplateListParams
	templates := list[templateReader, kirim.MessageTemplate]{
		short: "List templates",
		columns: []column[kirim.MessageTemplate]{
			{title: "name", value: func(t *kirim.MessageTemplate) string { return t.Name }},
			{title: "language", value: func(t *kirim.MessageTemplate) string { return t.Language }},
			{title: "status", value: func(t *kirim.MessageTemplate) string { return string(t.Status) }, style: stateStyle},
			{title: "category", value: func(t *kirim.MessageTemplate) string { return string(t.Category) }},
			{title: "text", below: true, value: bodyOf},
		},
		flags: func(cmd *cobra.Command) {
			addChoice(cmd, &params.Status, "status", "only in this `state`", kirim.TemplateApproved, kirim.TemplatePending, kirim.TemplateRejected, kirim.TemplateStatusAll)
			cmd.Flags().StringVar(&params.Language, "language", "", "only in this `language`, such as id or en_US")
		},
		connect: source.reader,
		page: func(ctx context.Context, reader templateReader, limit int, cursor string) (*kirim.Page[kirim.MessageTemplate], error) {
			params.Limit, params.Cursor = limit, cursor
			return reader.List(ctx, params)
		},
	}
	files := &templateFiles{app: a, source: &source}
	group := newGroup(groupMessages, "templates", "List, check and preview templates, and keep them in files",
		templates.command(a), newTemplatesGet(a, &source), newTemplatesCheck(a, &source), files.preview(),
		files.pull(), files.lint(), files.diff(), files.plan(), files.push(), files.watch(), files.generate(), files.schema())
	group.Long = `List the templates of an account, check and preview messages of them, and keep
templates in files: one for each, in YAML or JSON, with all its languages. A file is
checked (lint), compared (diff, plan), pushed and watched until it is approved, and
Go code is generated from it.

The files are in the directory templates, or in that of --dir,
$KIRIM_TEMPLATES_DIR or "templates: {dir: …}" of the configuration.`
	a.AddConnectionFlags(group)
	a.AddSystemFlag(group, "kirim, cloudapi")
	a.AddFromFlag(group)
	group.PersistentFlags().StringVar(&source.account, "account", "", "the `ID` of the WhatsApp Business Account, with --system cloudapi (default $META_ACCOUNT_ID)")
	return group
}

func bodyOf(t *kirim.MessageTemplate) string {
	for _, c := range t.Components {
		if c.Type == "BODY" || c.Type == "body" {
			return c.Text
		}
	}
	return t.Content
}

func newTemplatesGet(a *app.App, source *templatesFlags) *cobra.Command {
	var language string
	cmd := &cobra.Command{
		Use: "get NAME --language CODE", Short: "Show a template", Args: app.Arguments("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if language == "" {
				return missingLanguage()
			}
			reader, err := source.reader(a)
			if err != nil {
				return err
			}
			definition, err := findTemplate(cmd.Context(), reader, args[0], language)
			if err != nil {
				return err
			}
			return printOne(a, definition)
		},
	}
	cmd.Flags().StringVar(&language, "language", "", "the `language` of the template, such as id or en_US")
	return cmd
}

// definitionOf returns the template that the flags name, filled in, and its
// definition.
func definitionOf(ctx context.Context, a *app.App, source *templatesFlags, fill *fillFlags, name string) (kirim.Template, *kirim.MessageTemplate, error) {
	if fill.definition != "" {
		definition, err := readDefinition(a, fill.definition)
		if err != nil {
			return kirim.Template{}, nil, err
		}
		if fill.language == "" {
			fill.language = definition.Language
		}
		t, err := fill.template(a, name)
		return t, definition, err
	}
	t, err := fill.template(a, name)
	if err != nil {
		return t, nil, err
	}
	reader, err := source.reader(a)
	if err != nil {
		return t, nil, err
	}
	definition, err := findTemplate(ctx, reader, t.Name, t.Language)
	return t, definition, err
}

// findTemplate says where to look for a template that is not there.
func findTemplate(ctx context.Context, reader templateReader, name, language string) (*kirim.MessageTemplate, error) {
	definition, err := reader.Get(ctx, name, language)
	var refused *kirim.Error
	var unlisted *app.Failure
	if kirim.IsNotFound(err) && errors.As(err, &refused) && refused.Code != "" || errors.As(err, &unlisted) {
		return nil, app.WithHint(err, "check name and language: kirim templates list")
	}
	return definition, err
}

func newTemplatesCheck(a *app.App, source *templatesFlags) *cobra.Command {
	var fill fillFlags
	cmd := &cobra.Command{
		Use: "check NAME --language CODE", Short: "Check whether values fit a template", Args: app.Arguments("NAME"),
		Long: `Check whether values fit a template, and whether it can be sent now. Nothing is
sent. Exit code 8 says that it does not fit.`,
		Example: `  kirim templates check order_update --language id --param A-17
  kirim templates check order_update --definition order_update.json --param A-17`,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, definition, err := definitionOf(cmd.Context(), a, source, &fill, args[0])
			if err != nil {
				return err
			}
			// A message to anybody has the limits of values that no definition has.
			err = errors.Join(t.Check(definition), kirim.OutboundMessage{To: "+10000000000", Content: t}.Validate())
			if err != nil {
				return &app.Failure{Code: app.ExitCheck, Err: err, Hint: "kirim templates get " + t.Name + " --language " + t.Language + " shows the template"}
			}
			if a.JSON {
				return a.PrintJSON(struct {
					Name     string `json:"name"`
					Language string `json:"language"`
					Fits     bool   `json:"fits"`
				}{t.Name, t.Language, true})
			}
			screen := a.Screen()
			screen.Printf("%s\n", screen.Styled(console.Good, "The values fit, and the template can be sent."))
			return nil
		},
	}
	fill.add(cmd)
	return cmd
}
