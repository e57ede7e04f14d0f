package org.farshore.dataplane.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentTerminationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class RoleRunnerTest {
    private final List<String> events = new CopyOnWriteArrayList<>();

    @Test
    void endsWithTheCodeOfTheFailureAndClosesEverythingInOrder() {
        final List<Throwable> errors = new ArrayList<>();
        final RoleRunner runner = new RoleRunner("test").errorHandler(errors::add);
        runner.onEnd(() -> events.add("driver")).onEnd(() -> events.add("links"));
        runner.add(agent("journal", () -> {
            throw new FarshoreException(ExitCode.STORAGE, "cannot sync");
        }));
        runner.add(agent("receive", () -> {}));

        assertThat(runner.run()).isEqualTo(ExitCode.STORAGE);
        assertThat(runner.hasFailed()).isTrue();
        assertThat(events).contains("journal closed", "receive closed").endsWith("links", "driver");
        assertThat(errors).hasSize(1);
    }

    @Test
    void takesAnUnforeseenExceptionForABrokenInvariant() {
        final RoleRunner runner = new RoleRunner("test").add(agent("a", () -> {
            throw new IllegalStateException("cannot be");
        }));

        assertThat(runner.run()).isEqualTo(ExitCode.INVARIANT);
    }

    @Test
    void endsWithZeroWhenAskedTo() {
        final RoleRunner runner = new RoleRunner("test");
        runner.add(agent("a", runner::stop));

        assertThat(runner.run()).isEqualTo(ExitCode.OK);
        assertThat(events).containsExactly("a closed");
    }

    @Test
    void endsWithZeroWhenAnAgentSaysItIsDone() {
        final RoleRunner runner = new RoleRunner("test").add(agent("a", () -> {
            throw new AgentTerminationException("done");
        }));

        assertThat(runner.run()).isEqualTo(ExitCode.OK);
    }

    private Agent agent(final String name, final Runnable work) {
        return new Agent() {
            @Override
            public int doWork() {
                work.run();
                return 0;
            }

            @Override
            public String roleName() {
                return name;
            }

            @Override
            public void onClose() {
                events.add(name + " closed");
            }
        };
    }
}
