package org.farshore.control.cli;

import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.farshore.dataplane.runtime.Colour;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.LiveScreen;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code farshore doctor}: is this machine ready, and if not, what exactly mends it. Changes nothing. */
@Command(
        name = "farshore doctor",
        mixinStandardHelpOptions = true,
        versionProvider = ProductVersion.class,
        description = "Checks whether this machine is ready, says why each check matters and what mends it.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {"0:ready, perhaps with warnings", "1:not ready", "2:usage"})
public final class Doctor implements Callable<Integer> {
    /** The roles one may ask for. */
    enum Role {
        AGENT("agent"),
        PROCESS_SERVER("process-server"),
        MASTER_TARGET("master-target");

        private final String word;

        Role(final String word) {
            this.word = word;
        }

        @Override
        public String toString() {
            return word;
        }
    }

    /** A check that may fail for a reason of its own. */
    @FunctionalInterface
    private interface Question {
        Check ask() throws IOException;
    }

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Option(
            names = "--role",
            paramLabel = "ROLE",
            description = "Only what this role needs: ${COMPLETION-CANDIDATES}.",
            converter = RoleConverter.class,
            completionCandidates = RoleNames.class)
    private Role role;

    private final Machine machine;
    private final PrintStream out;

    Doctor(final Machine machine, final PrintStream out) {
        this.machine = machine;
        this.out = out;
    }

    /** Runs the command and ends the process with its exit code. */
    public static void main(final String[] arguments) {
        final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.exit(new CommandLine(new Doctor(new LocalMachine(), out)).execute(arguments));
    }

    @Override
    public Integer call() {
        final List<Check> checks = checks();
        final boolean ready = checks.stream().noneMatch(check -> check.status() == Check.Status.FAIL);
        if (json) {
            printJson(checks, ready);
        } else {
            printTable(checks, ready);
        }
        return ready ? ExitCode.OK.code() : ExitCode.NO.code();
    }

    private List<Check> checks() {
        final List<Check> checks = new ArrayList<>();
        final MachineChecks every = new MachineChecks(machine);
        final CaptureChecks capture = new CaptureChecks(machine);
        final StorageChecks storage = new StorageChecks(machine);
        ask(checks, "java", every::java);
        ask(checks, "jvm-flags", every::jvmFlags);
        ask(checks, "shared-memory", every::sharedMemory);
        ask(checks, "temporary-folder", every::temporaryFolder);
        ask(checks, "open-files", every::openFiles);
        ask(checks, "socket-buffers", every::socketBuffers);
        if (wants(Role.AGENT)) {
            ask(checks, "kernel", capture::kernel);
            ask(checks, "privileges", capture::privileges);
            ask(checks, "btf", capture::btf);
            ask(checks, "lockdown", capture::lockdown);
            ask(checks, "bpffs", capture::bpfFileSystem);
            ask(checks, "libbpf", capture::libBpf);
            ask(checks, "capture-program", capture::captureProgram);
        }
        if (wants(Role.AGENT) || wants(Role.MASTER_TARGET)) {
            ask(checks, "libcrypto", capture::libCrypto);
            ask(checks, "aes", every::aes);
        }
        if (wants(Role.PROCESS_SERVER) || wants(Role.MASTER_TARGET)) {
            ask(checks, "ports", () -> every.ports(ports()));
        }
        if (wants(Role.MASTER_TARGET)) {
            ask(checks, "disk-free", storage::diskFree);
            ask(checks, "sync-time", storage::syncTime);
        }
        if (role == null) {
            ask(checks, "demo-tools", capture::demoTools);
        }
        return checks;
    }

    private boolean wants(final Role asked) {
        return role == null || role == asked;
    }

    private int[] ports() {
        if (role == Role.PROCESS_SERVER) {
            return new int[] {9443, 9444};
        }
        return role == Role.MASTER_TARGET ? new int[] {9445, 9446} : new int[] {9443, 9444, 9445, 9446};
    }

    private static void ask(final List<Check> checks, final String name, final Question question) {
        try {
            checks.add(question.ask());
        } catch (final IOException | RuntimeException e) {
            checks.add(Check.warn(name, "could not be checked: " + e.getMessage(), "", ""));
        }
    }

    private void printTable(final List<Check> checks, final boolean ready) {
        final boolean colour = LiveScreen.wantsColour(1);
        for (final Check check : checks) {
            final String status = String.format("%-5s", check.status().word());
            out.println(colourOf(check.status()).paint(colour, status)
                    + String.format(" %-17s %s", check.name(), check.finding()));
            if (!check.reason().isEmpty()) {
                out.println("      why:  " + check.reason());
            }
            if (!check.mend().isEmpty()) {
                out.println("      mend: " + Colour.BOLD.paint(colour, check.mend()));
            }
        }
        final String whose = role == null ? "every role" : "role " + role;
        out.println(ready ? "Ready for " + whose + "." : "Not ready for " + whose + ": mend what failed above.");
    }

    private static Colour colourOf(final Check.Status status) {
        return switch (status) {
            case OK -> Colour.GREEN;
            case WARN -> Colour.YELLOW;
            case FAIL -> Colour.RED;
            case SKIP -> Colour.FAINT;
        };
    }

    private void printJson(final List<Check> checks, final boolean ready) {
        final List<Object> list = new ArrayList<>();
        for (final Check check : checks) {
            final Map<String, Object> object = new LinkedHashMap<>();
            object.put("name", check.name());
            object.put("status", check.status().word());
            object.put("finding", check.finding());
            object.put("reason", check.reason());
            object.put("mend", check.mend());
            list.add(object);
        }
        final Map<String, Object> object = new LinkedHashMap<>();
        object.put("ready", ready);
        object.put("role", role == null ? null : role.toString());
        object.put("checks", list);
        out.println(new GsonBuilder()
                .disableHtmlEscaping()
                .serializeNulls()
                .create()
                .toJson(object));
    }

    private static final class RoleConverter implements CommandLine.ITypeConverter<Role> {
        @Override
        public Role convert(final String text) {
            for (final Role candidate : Role.values()) {
                if (candidate.toString().equals(text)) {
                    return candidate;
                }
            }
            throw new CommandLine.TypeConversionException(text + " is none of agent, process-server, master-target");
        }
    }

    private static final class RoleNames extends ArrayList<String> {
        private static final long serialVersionUID = 1L;

        private RoleNames() {
            super(List.of("agent", "process-server", "master-target"));
        }
    }
}
