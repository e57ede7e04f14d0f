package org.farshore.tests.hostile;

import java.nio.file.Path;
import org.farshore.dataplane.runtime.ExitCode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Settings that cannot be meant: 78, and a line that names key, value and what to write instead. */
@Tag("system")
class BadSettingsSystemTest {
    @TempDir
    Path directory;

    @Test
    void unknownKeyIsRefusedWithTheNearestOneAsAHint() {
        Refusal.ofRole(directory, "agent", "farshore.agent.volume.data=/dev/null", "farshore.agent.ring.lenght=64m")
                .is(ExitCode.CONFIGURATION, "farshore.agent.ring.lenght", "did you mean farshore.agent.ring.length?");
        Refusal.ofRole(directory, "process-server", "farshore.process-server.master-targt=127.0.0.1:9445")
                .is(
                        ExitCode.CONFIGURATION,
                        "farshore.process-server.master-targt",
                        "did you mean farshore.process-server.master-target?");
        Refusal.ofRole(
                        directory,
                        "master-target",
                        "farshore.master-target.machines=*",
                        "farshore.master-target.adpt=true")
                .is(
                        ExitCode.CONFIGURATION,
                        "farshore.master-target.adpt",
                        "did you mean farshore.master-target.adopt?");
    }

    @Test
    void valuesOutOfRangeAreRefusedWithTheRange() {
        Refusal.ofRole(directory, "agent", "farshore.agent.volume.data=/dev/null", "farshore.agent.ring.length=3m")
                .is(ExitCode.CONFIGURATION, "farshore.agent.ring.length", "must be a power of two");
        Refusal.ofRole(directory, "process-server", "farshore.process-server.listen=127.0.0.1:99999")
                .is(ExitCode.CONFIGURATION, "listen=127.0.0.1:99999", "must be host:port");
        Refusal.ofRole(
                        directory,
                        "master-target",
                        "farshore.master-target.machines=*",
                        "farshore.master-target.journal.limit=1t",
                        "farshore.master-target.journal.segment.length=63k")
                .is(ExitCode.CONFIGURATION, "journal.segment.length", "must lie between");
        Refusal.ofRole(directory, "master-target", "farshore.master-target.machines=web01")
                .is(ExitCode.CONFIGURATION, "web01", "hexadecimal digits, or be *");
    }

    @Test
    void deviceThatIsNotThereIsRefusedWithTheKeyToCorrect() {
        Refusal.ofRole(
                        directory,
                        "agent",
                        "farshore.agent.data.directory=" + directory.resolve("agent"),
                        "farshore.agent.volume.data=/dev/no-such-disk")
                .is(
                        ExitCode.CONFIGURATION,
                        "no volume data at /dev/no-such-disk",
                        "correct farshore.agent.volume.data");
    }

    @Test
    void settingsFileThatCannotBeReadIsNamed() {
        final String text = "farshore.agent.volume.data=/dev/sda\\u00zz";
        Refusal.ofRole(directory, "agent", text).is(ExitCode.CONFIGURATION, "agent.properties", "Malformed");
    }
}
