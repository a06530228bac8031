// Package templates keeps message templates in files: one for each template, in YAML or
// JSON, with all its languages side by side and with parameters that have names.
//
//	name: order_update
//	category: utility
//	parameters:
//	  customer: Ana
//	  order: {sample: A-17, description: The number of the order.}
//	languages:
//	  en:
//	    body: |
//	      Hello {{customer}},
//	      your order {{order}} is on its way.
//	    buttons:
//	      - {type: url, text: Track, url: "https://shop.example/{{order}}"}
//	  id:
//	    body: Halo {{customer}}, pesanan {{order}} sedang dikirim.
//	    buttons:
//	      - {type: url, text: Lacak, url: "https://shop.example/{{order}}"}
//
// [Read] reads the files of a directory, [Parse] reads one. [Schema] is their JSON Schema,
// for editors.
//
// # Without an account
//
// [Lint] checks files against the documented rules of Meta and Kirim; a finding has the
// file, the line and the column. [File.Preview] and [PreviewHTML] show what recipients
// see. [Generate] writes Go code with a constructor for each template, so that a message
// that does not fit its template does not compile. [Load] gives a sandbox of package
// kirimtest the templates, for tests.
//
// # With an account
//
// An [Account] is [Kirim] or [CloudAPI]. [Pull] writes its templates into files, and keeps
// the comments of those that exist. [Diff] says what differs, [NewPlan] what a push would
// do about it and which reviews that costs. [Push] does it, and [Watch] waits for the
// review:
//
//	files, err := templates.Read("templates")
//	if err != nil {
//		return err // a *templates.SyntaxError for each file that is wrong
//	}
//	account := templates.Kirim(client.PhoneNumber("106540352242922"))
//	result, err := templates.Push(ctx, account, files, templates.PushOptions{})
//	if err != nil {
//		return err // such as a *templates.LintError or a *templates.PushError
//	}
//
// The command line has the same: kirim templates pull, lint, preview, diff, plan, push,
// watch, generate and schema.
//
// # Errors
//
// A file of a wrong form is a [*SyntaxError] with all its faults. A push with findings of
// Lint that are errors is a [*LintError], and nothing was sent. A refusal of the account is
// a [*PushError] with the line of the file; [errors.As] finds the [*kirim.Error] in it. A
// wait that does not end with all templates approved is a [*WatchError].
//
// A [File] must not be changed while others use it. Apart from that, everything here is
// safe for concurrent use.
package templates
