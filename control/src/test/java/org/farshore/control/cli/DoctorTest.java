package org.farshore.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class DoctorTest {
    private final FakeMachine machine = new FakeMachine();
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();

    @Test
    void shouldCallAWholeMachineReady() {
        assertThat(doctor()).isZero();
        assertThat(text()).contains("Ready for every role.").doesNotContain("mend:");
    }

    @Test
    void shouldNotBeReadyWithoutTheCapabilitiesOfCapture() {
        machine.files.put("/proc/self/status", "CapEff:\t0000004000000000\n");

        assertThat(doctor()).isEqualTo(1);
        assertThat(text()).contains("missing CAP_BPF", "why:", "mend:", "Not ready");
    }

    @Test
    void shouldTakeTheTwoCapabilitiesInsteadOfRoot() {
        machine.files.put("/proc/self/status", "CapEff:\t000000c000000000\n");

        assertThat(doctor("--role", "agent")).isZero();
        assertThat(text()).contains("CAP_BPF and CAP_PERFMON");
    }

    @Test
    void shouldOnlyWarnOfASmallWindowAndNameTheSysctl() {
        machine.granted = 212_992;

        assertThat(doctor()).isZero();
        assertThat(text()).contains("128.0 KiB", "sudo sysctl -w net.core.rmem_max=4194304");
    }

    @Test
    void shouldAskOnlyWhatTheRoleNeeds() {
        machine.loadComplaints.put("libbpf.so.1", "libbpf.so.1 is not installed");
        machine.files.put("/proc/mounts", "");

        assertThat(doctor("--role", "master-target")).isZero();
        assertThat(doctor("--role=agent")).isEqualTo(1);
        assertThat(text()).contains("sudo apt-get install libbpf1", "sudo mount -t bpf bpf /sys/fs/bpf");
    }

    @Test
    void shouldRefuseARoleItDoesNotKnow() {
        assertThat(doctor("--role", "janitor")).isEqualTo(2);
    }

    @Test
    void shouldSeeANoexecTemporaryFolder() {
        machine.files.put("/proc/mounts", "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw,noexec 0 0\n");

        assertThat(new MachineChecks(machine).temporaryFolder().mend()).contains("remount,exec /tmp");
    }

    @Test
    void shouldReadTheLockdownModeInBrackets() {
        final CaptureChecks checks = new CaptureChecks(machine);
        assertThat(checks.lockdown().status()).isEqualTo(Check.Status.OK);

        machine.files.put("/sys/kernel/security/lockdown", "none integrity [confidentiality]\n");
        assertThat(checks.lockdown().status()).isEqualTo(Check.Status.FAIL);
    }

    @Test
    void shouldCompareKernelReleasesByNumbers() {
        final CaptureChecks checks = new CaptureChecks(machine);
        for (final String good : List.of("5.15.0-91-generic", "5.100.1", "6.0.0", "10.1")) {
            machine.files.put("/proc/sys/kernel/osrelease", good);
            assertThat(checks.kernel().status()).as(good).isEqualTo(Check.Status.OK);
        }
        for (final String old : List.of("5.14.21", "4.19.0", "5.4")) {
            machine.files.put("/proc/sys/kernel/osrelease", old);
            assertThat(checks.kernel().status()).as(old).isEqualTo(Check.Status.FAIL);
        }
    }

    @Test
    void shouldWantACompilerOnlyInASourceTreeThatIsNotBuilt() {
        final CaptureChecks checks = new CaptureChecks(machine);
        assertThat(checks.captureProgram().finding()).isEqualTo("part of the package");

        machine.environment.put("FARSHORE_HOME", "/src");
        assertThat(checks.captureProgram().finding()).isEqualTo("built");

        machine.missing.add("/src/agent-native/target/classes/bpf/block_capture.bpf.o");
        assertThat(checks.captureProgram().status()).isEqualTo(Check.Status.WARN);

        machine.missingCommands.add("clang");
        assertThat(checks.captureProgram().status()).isEqualTo(Check.Status.FAIL);
    }

    @Test
    void shouldNameTakenPortsAndSlowDisks() {
        machine.takenPorts.add(9445);
        machine.syncMicros = 80_000;

        assertThat(doctor("--role", "master-target")).isZero();
        assertThat(text()).contains("UDP 9445 taken", "80000 us");
    }

    @Test
    void shouldPrintOneJsonObject() {
        machine.javaVersion = 11;

        assertThat(doctor("--json")).isEqualTo(1);
        final JsonObject object = JsonParser.parseString(text()).getAsJsonObject();
        assertThat(object.get("ready").getAsBoolean()).isFalse();
        final JsonObject first = object.getAsJsonArray("checks").get(0).getAsJsonObject();
        assertThat(first.get("name").getAsString()).isEqualTo("java");
        assertThat(first.get("status").getAsString()).isEqualTo("fail");
        assertThat(first.get("mend").getAsString()).isNotEmpty();
        assertThat(first.get("reason").getAsString()).isNotEmpty();
    }

    private int doctor(final String... arguments) {
        final PrintStream out = new PrintStream(output, true, StandardCharsets.UTF_8);
        return new CommandLine(new Doctor(machine, out)).execute(arguments);
    }

    private String text() {
        return output.toString(StandardCharsets.UTF_8);
    }
}
