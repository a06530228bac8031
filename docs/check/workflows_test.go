package check

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// workflows returns the text of each workflow file, by name.
func workflows(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*.yml"))
	if err != nil || len(files) < 5 {
		t.Fatalf("found the workflows %q, %v", files, err)
	}
	texts := make(map[string]string)
	for _, file := range files {
		name := filepath.Base(file)
		texts[name] = read(t, filepath.Join(".github", "workflows", name))
	}
	return texts
}

// unpinned returns the uses of actions that a moved tag could change, and those
// of an action whose commit another use of the same version does not have.
func unpinned(texts map[string]string) (wrong []string) {
	pinned := regexp.MustCompile(`^([\w./-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$`)
	commits := make(map[string]string)
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		for _, m := range regexp.MustCompile(`(?m)\buses:\s*(.*)$`).FindAllStringSubmatch(texts[name], -1) {
			use := pinned.FindStringSubmatch(m[1])
			if use == nil {
				wrong = append(wrong, name+": "+m[1])
				continue
			}
			version := use[1] + " " + use[3]
			if known, found := commits[version]; found && known != use[2] {
				wrong = append(wrong, name+": "+version+" is another commit elsewhere")
			}
			commits[version] = use[2]
		}
	}
	return wrong
}

// toCopy is a workflow of the manual, for other repositories.
const toCopy = "docs/templates-workflow.yml"

func TestActionsArePinnedByCommit(t *testing.T) {
	t.Parallel()
	texts := workflows(t)
	texts[toCopy] = read(t, toCopy)
	for _, line := range unpinned(texts) {
		t.Error(line)
	}

	one, two := strings.Repeat("1", 40), strings.Repeat("2", 40)
	got := unpinned(map[string]string{
		"a": "- uses: o/a@" + one + " # v1.0.0\n- uses: o/b@v4\n- uses: o/b@" + one + "\n",
		"b": "- uses: o/a@" + two + " # v1.0.0\n- uses: o/a@" + two + " # v1.0.1\n",
	})
	if want := []string{"a: o/b@v4", "a: o/b@" + one, "b: o/a v1.0.0 is another commit elsewhere"}; !slices.Equal(got, want) {
		t.Errorf("noticed %q, not %q", got, want)
	}
}

// jobs returns the text of each job of a workflow, by name.
func jobs(workflow string) map[string]string {
	_, list, _ := strings.Cut(workflow, "\njobs:\n")
	found := make(map[string]string)
	name := ""
	for line := range strings.Lines(list) {
		if m := regexp.MustCompile(`^ {2}([\w-]+):\n?$`).FindStringSubmatch(line); m != nil {
			name = m[1]
		}
		found[name] += line
	}
	return found
}

// Only the jobs that sign or publish may write, and they run nothing of this
// repository, whose code and dependencies have then no way to these rights.
func TestWhatAWorkflowMayWrite(t *testing.T) {
	t.Parallel()
	may := map[string][]string{
		"attest":      {"attestations", "id-token"},
		"attest-sbom": {"attestations", "id-token"},
		"publish":     {"contents"},
	}
	for name, text := range workflows(t) {
		head, _, _ := strings.Cut(text, "\njobs:\n")
		if !strings.Contains(head, "\npermissions: {}") && !strings.Contains(head, "\npermissions:\n  contents: read") || strings.Contains(head, ": write") {
			t.Errorf("%s has more than the right to read for all of its jobs", name)
		}
		for job, text := range jobs(text) {
			writes := words(`(?m)^ {6}([a-z-]+): write\b`, text)
			want := may[job]
			if name != "release.yml" {
				want = nil
			}
			if !slices.Equal(writes, want) {
				t.Errorf("%s of %s may write %q, not %q", job, name, writes, want)
			}
			if len(writes) > 0 && (strings.Contains(text, "actions/checkout@") || strings.Contains(text, "run: make ")) {
				t.Errorf("%s of %s may write %q, and runs code of the repository", job, name, writes)
			}
		}
	}
}

// A pull request runs code of its author: what checks it has no key of the account, and
// writes nothing but findings.
func TestTheWorkflowToCopyGivesAPullRequestNoKey(t *testing.T) {
	t.Parallel()
	head, _, _ := strings.Cut(read(t, toCopy), "\njobs:\n")
	found := jobs(read(t, toCopy))
	if len(found) != 2 || !strings.Contains(head, "\npermissions:\n  contents: read\n") || strings.Contains(head, "secrets.") {
		t.Errorf("it has %d jobs, and begins with\n%s", len(found), head)
	}
	for job, want := range map[string]struct {
		condition string
		writes    []string
		key       bool
	}{
		"check": {"github.event_name == 'pull_request'", []string{"security-events"}, false},
		"push":  {"github.event_name == 'push'", nil, true},
	} {
		text := found[job]
		if !strings.Contains(text, "    if: "+want.condition+"\n") {
			t.Errorf("%s does not depend on %s", job, want.condition)
		}
		if writes := words(`(?m)^ {6}([a-z-]+): write\b`, text); !slices.Equal(writes, want.writes) {
			t.Errorf("%s may write %q, not %q", job, writes, want.writes)
		}
		if key := strings.Contains(text, "secrets."); key != want.key {
			t.Errorf("%s has a secret: %v", job, key)
		}
	}
}

func TestAReleaseIsCheckedMadeAndSignedInThisOrder(t *testing.T) {
	t.Parallel()
	release := read(t, ".github/workflows/release.yml")
	if tags := words(`(?m)^    tags: \[(.*)\]$`, strings.ReplaceAll(release, ",", " ")); !slices.Equal(tags, []string{`"**/v*"`, `"v*"`}) {
		t.Errorf("runs on the tags %q, not on those of the root and of each nested module", tags)
	}
	release = strings.ReplaceAll(release, ",", " ")
	found := jobs(release)
	for job, want := range map[string][]string{
		"check": nil, "artifacts": {"check"}, "attest": {"artifacts"}, "attest-sbom": {"artifacts"},
		"publish": {"artifacts", "attest", "attest-sbom"},
	} {
		if needs := words(`(?m)^    needs: \[?(.*?)\]?$`, found[job]); !slices.Equal(needs, want) {
			t.Errorf("%s needs %q, not %q", job, needs, want)
		}
	}
	// The SBOM of each binary that is made is signed.
	var binaries []string
	for _, platform := range words(`(?m)^PLATFORMS \?= (.*)$`, strings.ReplaceAll(read(t, "Makefile"), ",", " ")) {
		binary := strings.ReplaceAll(platform, "/", "_")
		if strings.HasPrefix(binary, "windows_") {
			binary += ".exe"
		}
		binaries = append(binaries, binary)
	}
	if signed := words(`(?m)^        platform: \[(.*)\]$`, found["attest-sbom"]); len(binaries) < 6 || !slices.Equal(signed, binaries) {
		t.Errorf("signs the SBOMs of %q, but the binaries are %q", signed, binaries)
	}
}
