package org.farshore.dataplane.tool;

import static org.assertj.core.api.Assertions.assertThat;

import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.RoleSample;
import org.junit.jupiter.api.Test;

class RoleReportTest {
    @Test
    void shouldCallAnAgentProtectedWhenAllVolumesAreOrdered() {
        assertThat(RoleReport.of(Samples.protectedAgent().sample()).healthy()).isTrue();
    }

    @Test
    void shouldNotCallAnAgentHealthyWhileAVolumeIsCopied() {
        final RoleReport report = RoleReport.of(Samples.protectedAgent()
                .with(ReplicationCounter.VOLUME_STATE, "more", 1)
                .sample());

        assertThat(report.healthy()).isFalse();
        assertThat(report.state()).contains("1 of 2 volumes");
    }

    @Test
    void shouldNotCallAnAgentHealthyWhenItsNewestPointIsOld() {
        final RoleReport report = RoleReport.of(Samples.protectedAgent()
                .with(ReplicationCounter.RECOVERY_LAG, "m", RoleReport.LAG_LIMIT_MS + 1)
                .sample());

        assertThat(report.healthy()).isFalse();
    }

    @Test
    void shouldNameTheNextStepOfAnAgentWithoutConnection() {
        final RoleReport report = RoleReport.of(Samples.protectedAgent()
                .with(ReplicationCounter.SESSION_STATE, "m", 0)
                .sample());

        assertThat(report.healthy()).isFalse();
        assertThat(report.next()).contains("process server");
    }

    @Test
    void shouldSayThatAProcessIsGoneOrStopped() {
        assertThat(RoleReport.of(Samples.of("agent").alive(RoleSample.Life.DEAD).sample())
                        .state())
                .contains("dead");
        assertThat(RoleReport.of(Samples.of("agent")
                                .alive(RoleSample.Life.SILENT)
                                .sample())
                        .next())
                .contains("kill -CONT 4711");
    }

    @Test
    void shouldTellAPoisonedTargetFromOneThatOnlyWaits() {
        final RoleReport poisoned = RoleReport.of(Samples.of("master-target")
                .with(ReplicationCounter.RECEIVE_STATE, "m", 3)
                .sample());
        final RoleReport waiting = RoleReport.of(Samples.of("master-target").sample());

        assertThat(poisoned.healthy()).isFalse();
        assertThat(poisoned.state()).contains("disk failed");
        assertThat(waiting.healthy()).isTrue();
    }

    @Test
    void shouldSayWhichDiskHoldsATargetBack() {
        final RoleReport noRoom = RoleReport.of(Samples.of("master-target")
                .with(ReplicationCounter.RECEIVE_STATE, "m", 2)
                .with(ReplicationCounter.JOURNAL_HELD, "m", 1)
                .sample());
        final RoleReport replica = RoleReport.of(Samples.of("master-target")
                .with(ReplicationCounter.RECEIVE_STATE, "m", 2)
                .with(ReplicationCounter.JOURNAL_HELD, "m", 0)
                .with(ReplicationCounter.REPLICA_HELD, "m", 1)
                .sample());

        assertThat(noRoom.healthy()).isFalse();
        assertThat(noRoom.state()).contains("no room");
        assertThat(replica.healthy()).isFalse();
        assertThat(replica.state()).contains("replica");
    }

    @Test
    void shouldCountMachinesThatAProcessServerRelays() {
        final RoleReport report = RoleReport.of(Samples.of("process-server")
                .with(ReplicationCounter.RELAY_STATE, "a", 2)
                .with(ReplicationCounter.RELAY_STATE, "b", 0)
                .sample());

        assertThat(report.healthy()).isFalse();
        assertThat(report.state()).contains("1 of 2");
    }

    @Test
    void shouldHaveAWordForEveryVolumeState() {
        assertThat(RoleReport.volumeState(0)).isEqualTo("waiting");
        assertThat(RoleReport.volumeState(5)).isEqualTo("ordered");
        assertThat(RoleReport.volumeState(17)).isEqualTo("state 17");
    }
}
