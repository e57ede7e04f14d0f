package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.Fio;
import org.farshore.tests.lab.LoopDevice;
import org.farshore.tests.lab.PrivilegedSystemTest;
import org.farshore.tests.lab.Role;
import org.farshore.tests.lab.Shell;
import org.junit.jupiter.api.Test;

/** What a person sees of running roles, and of a journal that is being written or was left behind. */
@PrivilegedSystemTest
class ToolsSystemTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final long MIN_RECEIVED = 32 << 20;

    @Test
    void statShowsRunningRolesAndJournalVerifies() {
        Features.requireEbpf("ToolsSystemTest");
        try (FarshoreLab lab = FarshoreLab.create("tools").withBpfFilesystem()) {
            final LoopDevice disk = lab.memoryLoop("disk", 64 << 20);
            lab.protect("disk", disk.path()).startAll().awaitOrdered(LIMIT);
            Shell.must("mkfs.ext4", "-q", "-F", disk.path().toString());
            lab.awaitCaughtUp(LIMIT);
            final JsonElement stat = JsonParser.parseString(
                    farshore(statOf(lab, "--json")).mustSucceed().output());
            assertThat(stat.toString()).contains(lab.instance()).contains("recovery.lag.ms");
            assertThat(farshore(statOf(lab)).mustSucceed().output()).contains("agent");
            final Path data = lab.directory().resolve("master-target");
            assertThat(farshore("journal", "verify", data.toString()).exitCode())
                    .as("live")
                    .isZero();
            // Killed under load it leaves frames that are not in the replica yet.
            final Fio load =
                    Fio.start(lab, disk.path(), Duration.ofSeconds(60), "--rw=randwrite", "--bs=64k", "--size=64m");
            lab.awaitReceiving(MIN_RECEIVED);
            lab.kill(Role.MASTER_TARGET);
            load.close();
            final Shell.Result verified = farshore("journal", "verify", data.toString(), "--json");
            System.out.println("journal after SIGKILL: " + verified.output().strip());
            assertThat(verified.exitCode())
                    .as(verified.output() + verified.errors())
                    .isZero();
            final JsonObject result = JsonParser.parseString(verified.output()).getAsJsonObject();
            assertThat(result.get("frames").getAsLong()).isPositive();
            assertThat(farshore("journal", "describe", data.toString())
                            .mustSucceed()
                            .output())
                    .contains("incarnation");
            assertThat(farshore("journal", "dump", data.toString())
                            .mustSucceed()
                            .output())
                    .isNotBlank();
        }
    }

    /** The command that looks at this lab's roles alone: other roles of the machine may not be healthy. */
    private static String[] statOf(final FarshoreLab lab, final String... options) {
        final List<String> words = new ArrayList<>(List.of("stat"));
        words.addAll(List.of(options));
        for (final Role role : Role.values()) {
            words.addAll(List.of("--dir", lab.aeronDirectory(role).toString()));
        }
        return words.toArray(new String[0]);
    }

    private static Shell.Result farshore(final String... words) {
        final List<String> command =
                new ArrayList<>(List.of(FarshoreLab.launcher().toString()));
        command.addAll(List.of(words));
        return Shell.run(LIMIT, Map.of(), command);
    }
}
