package app

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"
)

// settings are the values of the flags of a connection; empty when not given.
type settings struct {
	configFile string
	system     string
	baseURL    string
	from       string
	keyFile    string
	insecure   bool
}

// config is the configuration file. It has no member for a key: keys are in
// the environment, in files of their own or in the keychain.
type config struct {
	System  string                  `yaml:"system"`
	Systems map[string]systemConfig `yaml:"systems"`
	Sandbox map[string]any          `yaml:"sandbox"`

	Templates TemplatesConfig `yaml:"templates"`
}

// TemplatesConfig is where templates in files are, and the code that is made of them.
type TemplatesConfig struct {
	Dir     string `yaml:"dir"`
	Out     string `yaml:"out"`
	Package string `yaml:"package"`
}

type systemConfig struct {
	BaseURL string `yaml:"base_url"`
	From    string `yaml:"from"`
	KeyFile string `yaml:"api_key_file"`
}

// largestSmallFile limits configuration and key files, in bytes.
const largestSmallFile = 64 << 10

// Value is a setting and where it came from, for people.
type Value struct{ Text, Origin string }

// AddBaseURLFlag adds the flag that says where requests go.
func (a *App) AddBaseURLFlag(cmd *cobra.Command) {
	cmd.PersistentFlags().StringVar(&a.settings.baseURL, "base-url", "", "send requests to this `URL`, such as that of a sandbox (default $KIRIM_BASE_URL, else the system's own)")
}

// AddConnectionFlags adds the flags that say where requests go, and with which
// key.
func (a *App) AddConnectionFlags(cmd *cobra.Command) {
	a.AddBaseURLFlag(cmd)
	flags := cmd.PersistentFlags()
	flags.StringVar(&a.settings.keyFile, "api-key-file", "", "read the API key from this `file` (default $KIRIM_API_KEY, else $KIRIM_API_KEY_FILE, else the keychain)")
	flags.BoolVar(&a.settings.insecure, "insecure-http", false, "send the key over plain HTTP to other hosts than this one")
}

// AddSystemFlag adds the flag that chooses the system.
func (a *App) AddSystemFlag(cmd *cobra.Command, names string) {
	// The error is of a flag that does not exist.
	defer func() {
		_ = cmd.RegisterFlagCompletionFunc("system", cobra.FixedCompletions(strings.Split(names, ", "), cobra.ShellCompDirectiveNoFileComp))
	}()
	cmd.PersistentFlags().StringVar(&a.settings.system, "system", "", "speak to this `system`: "+names+" (default $KIRIM_SYSTEM, else "+Kirim+")")
}

// AddFromFlag adds the flag of the business number.
func (a *App) AddFromFlag(cmd *cobra.Command) {
	cmd.PersistentFlags().StringVar(&a.settings.from, "from", "", "the phone number `ID` of the business number (default $KIRIM_PHONE_NUMBER_ID)")
}

func (a *App) config() (file string, c config, err error) {
	file = cmp.Or(a.settings.configFile, a.Getenv("KIRIM_CONFIG"))
	asked := file != ""
	if !asked {
		dir := a.Getenv("XDG_CONFIG_HOME")
		if dir == "" {
			if dir, err = os.UserConfigDir(); err != nil {
				return "", c, nil //nolint:nilerr // without a home there is no such file
			}
		}
		file = filepath.Join(dir, "kirim", "config.yaml")
	}
	text, err := readSmallFile(file)
	if errors.Is(err, fs.ErrNotExist) && !asked {
		return file, c, nil
	}
	if err != nil {
		return file, c, Usagef("configuration: %w", err)
	}
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&c); err != nil && len(bytes.TrimSpace(text)) > 0 {
		return file, c, Usagef("configuration %s: %s", file, YAMLFault(err))
	}
	for name := range c.Systems {
		if _, err := systemByName(name); err != nil {
			return file, c, Usagef("configuration %s: systems: %w", file, err)
		}
	}
	return file, c, nil
}

// SandboxConfig returns the settings of the sandbox in the configuration file, by the
// names of the flags, and the name of the file.
func (a *App) SandboxConfig() (file string, settings map[string]string, err error) {
	file, c, err := a.config()
	settings = make(map[string]string, len(c.Sandbox))
	for name, value := range c.Sandbox {
		settings[strings.ReplaceAll(name, "_", "-")] = fmt.Sprint(value)
	}
	return file, settings, err
}

// TemplatesConfig returns the settings of templates in files: those of the environment
// over those of the configuration file.
func (a *App) TemplatesConfig() (TemplatesConfig, error) {
	_, c, err := a.config()
	t := c.Templates
	t.Dir = cmp.Or(a.Getenv("KIRIM_TEMPLATES_DIR"), t.Dir, "templates")
	t.Out = cmp.Or(a.Getenv("KIRIM_TEMPLATES_OUT"), t.Out)
	t.Package = cmp.Or(a.Getenv("KIRIM_TEMPLATES_PACKAGE"), t.Package)
	return t, err
}

// YAMLFault says what is wrong and where, without the source: somebody may
// have put a key there.
func YAMLFault(err error) string {
	var fault yaml.Error
	if !errors.As(err, &fault) {
		return "not YAML of the documented form"
	}
	if token := fault.GetToken(); token != nil && token.Position != nil {
		return fmt.Sprintf("line %d: %s", token.Position.Line, fault.GetMessage())
	}
	return fault.GetMessage()
}

func readSmallFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s is a directory", name)
	}
	if info.Size() > largestSmallFile {
		return nil, fmt.Errorf("%s is larger than %d bytes", name, largestSmallFile)
	}
	return os.ReadFile(name) //nolint:gosec // the person who runs the program names it
}

// first returns the first value that is not empty.
func first(values ...Value) Value {
	for _, v := range values {
		if v.Text != "" {
			return v
		}
	}
	return Value{}
}

// connection resolves all settings but the key: flags over the environment
// over the configuration file over the defaults.
func (a *App) connection() (*Connection, error) {
	file, c, err := a.config()
	if err != nil {
		return nil, err
	}
	env := func(name string) Value { return Value{a.Getenv(name), "$" + name} }
	system, err := systemByName(first(
		Value{a.settings.system, "--system"}, env("KIRIM_SYSTEM"), Value{c.System, file}, Value{Kirim, "the default"},
	).Text)
	if err != nil {
		return nil, err
	}
	own := c.Systems[system.Name]
	conn := &Connection{
		app:     a,
		System:  system,
		Config:  file,
		BaseURL: first(Value{a.settings.baseURL, "--base-url"}, env(system.BaseURLVar()), Value{own.BaseURL, file}, Value{system.BaseURL, "the default"}),
		keyFile: first(Value{a.settings.keyFile, "--api-key-file"}, env(system.KeyVar+"_FILE"), Value{own.KeyFile, file}),
	}
	conn.BaseURL.Text = strings.TrimRight(conn.BaseURL.Text, "/")
	if system.FromVar != "" {
		conn.From = first(Value{a.settings.from, "--from"}, env(system.FromVar), Value{own.From, file})
	}
	switch allowed := a.Getenv("KIRIM_INSECURE_HTTP"); allowed {
	case "1":
		conn.insecure = true
	case "", "0":
	default:
		return nil, Usagef("KIRIM_INSECURE_HTTP is neither 1 nor 0")
	}
	conn.insecure = conn.insecure || a.settings.insecure
	return conn, nil
}
