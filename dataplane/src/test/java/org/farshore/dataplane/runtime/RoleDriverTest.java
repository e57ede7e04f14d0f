package org.farshore.dataplane.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import org.agrona.concurrent.status.AtomicCounter;
import org.junit.jupiter.api.Test;

class RoleDriverTest {
    private final String instance = "test-" + UUID.randomUUID();

    private RoleDriverContext context() {
        return new RoleDriverContext("agent").instance(instance).conclude();
    }

    @Test
    void keepsItsDirectoryInMemoryAndRemovesItAtTheEnd() {
        final Path directory;
        try (RoleDriver driver = RoleDriver.launch(context())) {
            directory = driver.context().directory();
            assertThat(directory).isEqualTo(Path.of("/dev/shm/farshore-agent-" + instance));
            assertThat(directory.resolve("cnc.dat")).exists();
        }
        assertThat(directory).doesNotExist();
    }

    @Test
    void showsCountersToAReaderByLabelAndSubject() {
        try (RoleDriver driver = RoleDriver.launch(context());
                CounterReader reader = CounterReader.open(driver.context().directory())) {
            final AtomicCounter counter = driver.counters().newCounter(ReplicationCounter.SENT_BYTES, "db 1");
            counter.setRelease(42);

            final List<String> seen = new ArrayList<>();
            reader.forEach((typeId, label, subject, value) -> {
                if (typeId >= 1000) {
                    seen.add(typeId + "|" + label + "|" + subject + "|" + value);
                }
            });

            final long pid = ProcessHandle.current().pid();
            assertThat(seen).contains("1044|sent.bytes|db 1|42", "1301|role.pid|agent|" + pid);
            assertThat(reader.pid()).isEqualTo(pid);
            assertThat(reader.isAlive(System.currentTimeMillis())).isTrue();
            assertThat(reader.isAlive(System.currentTimeMillis() + 60_000)).isFalse();
        }
    }

    @Test
    void keepsADistinctErrorOnceAndCountsIt() {
        try (RoleDriver driver = RoleDriver.launch(context());
                CounterReader reader = CounterReader.open(driver.context().directory())) {
            for (int i = 0; i < 3; i++) {
                driver.errorHandler().onError(new IllegalStateException("disk on fire"));
            }

            final List<String> errors = new ArrayList<>();
            reader.readErrors((count, firstMs, lastMs, text) ->
                    errors.add(count + " " + text.lines().findFirst().orElse("")));

            assertThat(errors).hasSize(1);
            assertThat(errors.get(0)).startsWith("3 ").contains("disk on fire");
        }
    }

    @Test
    void refusesToTakeTheDirectoryOfALivingProcess() {
        try (RoleDriver driver = RoleDriver.launch(context())) {
            assertThatThrownBy(() -> RoleDriver.launch(context()))
                    .isInstanceOfSatisfying(
                            FarshoreException.class,
                            e -> assertThat(e.exitCode()).isEqualTo(ExitCode.UNAVAILABLE))
                    .hasMessageContaining(driver.context().directory().toString());
        }
    }

    @Test
    void leavesCountersAndErrorsBehindAfterAFailure() throws Exception {
        final RoleDriver driver = RoleDriver.launch(context());
        driver.closeKeepingDirectory();

        final Path directory = driver.context().directory();
        assertThat(directory.resolve("cnc.dat")).exists();
        try (RoleDriver next = RoleDriver.launch(context())) {
            assertThat(next.context().directory()).isEqualTo(directory);
        }
        assertThat(Files.exists(directory)).isFalse();
    }

    @Test
    void refusesAnMtuThatIsNoMultipleOf32() {
        final Properties system = new Properties();
        system.setProperty("farshore.agent.mtu", "1500");

        assertThatThrownBy(() -> RoleDriverContext.from("agent", Settings.load("agent", null, system)))
                .hasMessageContaining("farshore.agent.mtu=1500");
    }

    @Test
    void refusesADirectoryUnderTmp() {
        assertThatThrownBy(() -> new RoleDriverContext("agent")
                        .directory(Path.of("/tmp/x"))
                        .conclude())
                .hasMessageContaining("/tmp/x");
    }
}
