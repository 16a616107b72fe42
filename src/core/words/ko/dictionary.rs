//! What AWS refuses and what keeps tasks from running, in Korean.

use crate::core::refusal::Refusal;
use crate::core::trouble::TroubleKind as Kind;
use crate::core::words::Entry;

/// The words for an error that the dictionary knows.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) const fn refusal(refusal: Refusal) -> Entry {
    let (words, brief, advice) = match refusal {
        Refusal::ServiceNotFound => (
            "서비스를 찾을 수 없음",
            "찾을 수 없음",
            "클러스터에 그런 서비스가 없습니다. 스케줄의 이름을 고치거나 스케줄을 지우세요.",
        ),
        Refusal::ServiceNotActive => (
            "비활성 서비스",
            "비활성",
            "서비스가 삭제되었거나 드레이닝 중입니다. 다시 만들거나 스케줄을 지우세요.",
        ),
        Refusal::ClusterNotFound => (
            "클러스터를 찾을 수 없음",
            "클러스터를 찾을 수 없음",
            "이 리전에 그런 클러스터가 없습니다. 스케줄의 클러스터를 고치세요.",
        ),
        Refusal::PassRoleDenied => (
            "iam:PassRole 거부됨",
            "iam:PassRole 거부",
            "호출하는 역할에 서비스가 쓰는 역할에 대한 `iam:PassRole`을 허용하세요.",
        ),
        Refusal::RunTaskDenied => (
            "ecs:RunTask 거부됨",
            "ecs:RunTask 거부",
            "호출하는 역할에 이 태스크 정의에 대한 `ecs:RunTask`를 허용하고, 권한 경계와 SCP를 확인하세요.",
        ),
        Refusal::UpdateDenied => (
            "접근 거부됨",
            "거부",
            "호출하는 역할에 이 서비스에 대한 `ecs:UpdateService`를 허용하고, 권한 경계와 SCP를 확인하세요.",
        ),
        Refusal::Unauthorized => (
            "권한 없음",
            "권한 없음",
            "호출하는 역할에 이 서비스에 대한 `ecs:UpdateService`를 허용하세요.",
        ),
        Refusal::Throttled => (
            "스로틀링됨",
            "스로틀링",
            "유연한 기간(flexible time window)을 늘리세요. ECS는 한 번에 50건, 이후 초당 5건까지 받습니다.",
        ),
        Refusal::RequestLimit => (
            "스로틀링됨",
            "스로틀링",
            "유연한 기간(flexible time window)을 늘리세요. 한 번에 호출이 너무 많았습니다.",
        ),
        Refusal::DaemonService => (
            "데몬 서비스",
            "데몬 서비스",
            "데몬 서비스에는 원하는 개수가 없습니다. 스케줄을 지우세요.",
        ),
        Refusal::InvalidParameter => (
            "잘못된 값",
            "잘못된 값",
            "ECS가 값을 거부했습니다. 스케줄의 입력을 서비스의 유형과 한도에 맞추세요.",
        ),
        Refusal::InactiveTaskDefinition => (
            "비활성 태스크 정의",
            "비활성 태스크 정의",
            "태스크 정의를 다시 등록하거나, 서비스나 스케줄이 활성 태스크 정의를 가리키게 하세요.",
        ),
        Refusal::Client => (
            "ECS가 거부함",
            "ECS 거부",
            "ECS가 요청을 거부했습니다. 스케줄의 입력이 이 서비스에 맞는지 확인하세요.",
        ),
        Refusal::Server => (
            "ECS 장애",
            "ECS 장애",
            "ECS 자체의 장애입니다. 다시 시도하고 AWS Health Dashboard를 보세요.",
        ),
        Refusal::Unavailable => (
            "ECS 사용 불가",
            "ECS 사용 불가",
            "ECS 자체의 장애입니다. 다시 시도하고 AWS Health Dashboard를 보세요.",
        ),
        Refusal::Internal => (
            "AWS 장애",
            "AWS 장애",
            "AWS 자체의 장애입니다. 다시 시도하고 AWS Health Dashboard를 보세요.",
        ),
        Refusal::NamespaceNotFound => (
            "네임스페이스를 찾을 수 없음",
            "네임스페이스 없음",
            "Service Connect의 Cloud Map 네임스페이스가 없습니다. 복구하거나 서비스를 바꾸세요.",
        ),
        Refusal::PlatformUnknown => (
            "알 수 없는 플랫폼 버전",
            "알 수 없는 플랫폼 버전",
            "그런 Fargate 플랫폼 버전이 없습니다. 서비스에서 고치세요.",
        ),
        Refusal::PlatformIncompatible => (
            "맞지 않는 플랫폼 버전",
            "맞지 않는 플랫폼 버전",
            "태스크 정의에 다른 Fargate 플랫폼 버전이 필요합니다.",
        ),
        Refusal::Unsupported => (
            "지원되지 않음",
            "지원되지 않음",
            "이 리전이나 시작 유형에서는 ECS가 지원하지 않습니다.",
        ),
        Refusal::ExpiredToken => (
            "자격 증명 만료",
            "자격 증명 만료",
            "호출자의 자격 증명이 만료되었습니다. 다시 로그인하세요.",
        ),
        Refusal::UnknownClient => (
            "잘못된 자격 증명",
            "잘못된 자격 증명",
            "호출자의 자격 증명이 올바르지 않습니다. 역할이 삭제되었거나 다시 만들어졌는지 확인하세요.",
        ),
    };
    Entry {
        words,
        brief,
        advice,
    }
}

/// The words for what keeps tasks from running.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) const fn trouble(kind: Kind) -> Entry {
    let (words, advice) = match kind {
        Kind::NoFargateCapacity => (
            "Fargate 용량 부족",
            "이 가용 영역에 Fargate 용량이 없습니다. 다른 가용 영역의 서브넷을 추가하세요. ECS가 계속 재시도합니다.",
        ),
        Kind::FargateVcpuQuotaReached => (
            "Fargate vCPU 할당량 초과",
            "Service Quotas에서 Fargate vCPU 할당량을 늘리거나, 한 번에 시작하는 태스크를 줄이세요.",
        ),
        Kind::TaskQuotaReached => (
            "태스크 할당량 초과",
            "Service Quotas에서 할당량을 늘리거나, 한 번에 시작하는 태스크를 줄이세요.",
        ),
        Kind::TaskLargerThanTheQuota => (
            "태스크가 할당량보다 큼",
            "Service Quotas에서 할당량을 늘리거나, 태스크 크기를 줄이세요.",
        ),
        Kind::RoleCannotBeAssumed => (
            "역할을 맡을 수 없음",
            "태스크의 역할이 존재하고 ecs-tasks.amazonaws.com을 신뢰하는지 확인하세요.",
        ),
        Kind::NoInstancesInTheCluster => (
            "클러스터에 인스턴스 없음",
            "클러스터에 컨테이너 인스턴스가 없습니다. 서비스보다 먼저 Auto Scaling 그룹을 늘리세요.",
        ),
        Kind::NoInstanceWithEnoughCpu => (
            "CPU가 충분한 인스턴스 없음",
            "컨테이너 인스턴스를 추가하거나 더 큰 것을 쓰고, 아니면 태스크 정의의 CPU를 줄이세요.",
        ),
        Kind::NoInstanceWithEnoughMemory => (
            "메모리가 충분한 인스턴스 없음",
            "컨테이너 인스턴스를 추가하거나 더 큰 것을 쓰고, 아니면 태스크 정의의 메모리를 줄이세요.",
        ),
        Kind::PortAlreadyInUse => (
            "포트가 이미 사용 중",
            "모든 인스턴스에서 해당 호스트 포트가 사용 중입니다. 동적 포트를 쓰거나 인스턴스를 추가하세요.",
        ),
        Kind::NoFreeNetworkInterface => (
            "남은 네트워크 인터페이스 없음",
            "인스턴스에 네트워크 인터페이스를 더 붙일 수 없습니다. awsvpcTrunking을 켜거나 인스턴스를 추가하세요.",
        ),
        Kind::NoInstanceWithAFreeGpu => (
            "GPU가 남은 인스턴스 없음",
            "GPU가 있는 컨테이너 인스턴스를 추가하세요.",
        ),
        Kind::NoInstanceFitsAttribute => (
            "맞는 인스턴스 없음(속성)",
            "태스크에 필요한 속성을 가진 인스턴스가 없습니다. 서브넷, 에이전트 버전, 로그 드라이버를 비교하세요.",
        ),
        Kind::NoInstanceFitsConstraint => (
            "맞는 인스턴스 없음(배치 제약)",
            "배치 제약을 만족하는 인스턴스가 없습니다. 제약을 고치거나 만족하는 인스턴스를 추가하세요.",
        ),
        Kind::ContainerAgentDisconnected => (
            "컨테이너 에이전트 연결 끊김",
            "인스턴스의 ECS 에이전트를 재시작하거나 인스턴스를 교체하세요.",
        ),
        Kind::NoInstanceInTheseZones => (
            "해당 가용 영역에 인스턴스 없음",
            "태스크의 서브넷과 인스턴스의 가용 영역이 다릅니다. 둘 중 하나를 고치세요.",
        ),
        Kind::InstanceNotInTheCluster => (
            "클러스터에 없는 인스턴스",
            "컨테이너 인스턴스가 등록 해제되었거나 없었습니다. 다른 인스턴스에서 태스크를 시작하세요.",
        ),
        Kind::NoInstanceFits => (
            "맞는 인스턴스 없음",
            "컨테이너 인스턴스를 추가하세요. 태스크를 실행할 자리나 필요한 조건을 갖춘 인스턴스가 없습니다.",
        ),
        Kind::NoInstanceWithEnoughRoom => (
            "여유 있는 인스턴스 없음",
            "컨테이너 인스턴스를 추가하거나 태스크 정의의 요구량을 줄이세요.",
        ),
        Kind::TaskCannotBePlacedInternally => (
            "태스크를 배치할 수 없음",
            "Fargate를 지원하지 않는 가용 영역의 서브넷인 경우가 많습니다. 서비스의 서브넷을 확인하세요.",
        ),
        Kind::TaskCannotBePlaced => (
            "태스크를 배치할 수 없음",
            "서비스 이벤트를 확인하세요. 용량, 할당량, 배치 제약이 태스크가 실행될 위치를 정합니다.",
        ),
        Kind::ContainerHealthChecksFail => (
            "컨테이너 상태 확인 실패",
            "컨테이너 로그를 보세요. 상태 확인 명령이 맞고 시작 유예 기간이 충분한지 확인하세요.",
        ),
        Kind::UnhealthyInVpcLattice => (
            "VPC Lattice에서 비정상",
            "VPC Lattice 대상 그룹의 상태 확인과 보안 그룹을 확인하세요.",
        ),
        Kind::HealthChecksFail => (
            "상태 확인 실패",
            "대상 그룹의 경로, 포트, 응답 코드와 보안 그룹, 유예 기간을 확인하세요.",
        ),
        Kind::UnhealthyInCloudMap => (
            "Cloud Map에서 비정상",
            "서비스 검색에 비정상 태스크가 있습니다. 로그와 상태 확인을 살펴보세요.",
        ),
        Kind::HealthUnknown => (
            "상태를 알 수 없음",
            "ECS가 서비스 상태를 알 수 없습니다. 서비스 이벤트와 AWS Health Dashboard를 보세요.",
        ),
        Kind::ImageForAnotherArchitecture => (
            "다른 아키텍처의 이미지",
            "태스크의 CPU 아키텍처용으로 이미지를 빌드하거나 runtimePlatform을 이미지에 맞추세요.",
        ),
        Kind::ImagePullRateLimit => (
            "이미지 풀 횟수 제한",
            "레지스트리가 풀 횟수를 제한합니다. 이미지를 ECR로 복사하거나 로그인한 사용자로 받으세요.",
        ),
        Kind::NoDiskSpaceForTheImage => (
            "이미지용 디스크 공간 부족",
            "태스크의 임시 스토리지를 늘리거나 인스턴스의 디스크를 비우세요.",
        ),
        Kind::ImageCannotBePulledAccess => (
            "이미지를 받을 수 없음(권한)",
            "리포지토리가 존재하고 태스크 실행 역할이 받을 권한이 있는지 확인하세요.",
        ),
        Kind::ImageNotFound => (
            "이미지를 찾을 수 없음",
            "이미지 이름이나 태그를 고치거나 이미지를 푸시하세요. 수명 주기 정책이 지웠을 수 있습니다.",
        ),
        Kind::RegistryNotReachable => (
            "레지스트리에 연결할 수 없음",
            "서브넷에서 레지스트리로 가는 경로가 필요합니다: NAT 게이트웨이, 퍼블릭 IP 또는 VPC 엔드포인트(ECR, S3).",
        ),
        Kind::ImageCannotBePulled => (
            "이미지를 받을 수 없음",
            "이미지 이름, 실행 역할, 서브넷에서 레지스트리로 가는 경로를 확인하세요.",
        ),
        Kind::NoFreeAddressInTheSubnet => (
            "서브넷에 남은 주소 없음",
            "서브넷에 남은 IP 주소가 없습니다. 서비스에 서브넷을 추가하거나 더 큰 서브넷을 쓰세요.",
        ),
        Kind::NetworkInterfaceCameTooLate => (
            "네트워크 인터페이스 연결 지연",
            "EC2가 네트워크 인터페이스를 제때 연결하지 못해 ECS가 재시도합니다. 서브넷과 할당량을 확인하세요.",
        ),
        Kind::NoNetworkInterface => (
            "네트워크 인터페이스 없음",
            "EC2가 네트워크 인터페이스를 거부했습니다. 오류를 읽고 서브넷, 보안 그룹, 할당량을 확인하세요.",
        ),
        Kind::SecretCannotBeDecrypted => (
            "시크릿을 복호화할 수 없음",
            "태스크 실행 역할에 시크릿의 키에 대한 kms:Decrypt를 허용하세요.",
        ),
        Kind::NoSignInToEcr => (
            "ECR에 로그인할 수 없음",
            "실행 역할에 ecr:GetAuthorizationToken이, 서브넷에 ECR로 가는 경로(NAT 또는 엔드포인트)가 필요합니다.",
        ),
        Kind::SecretsCannotBeReadSsm => (
            "시크릿을 읽을 수 없음(SSM)",
            "파라미터가 존재하는지, 실행 역할이 읽을 수 있는지, 서브넷에서 SSM에 닿는지 확인하세요.",
        ),
        Kind::SecretsCannotBeRead => (
            "시크릿을 읽을 수 없음",
            "시크릿이 존재하는지, 실행 역할이 읽을 수 있는지, 서브넷에서 닿는지 확인하세요.",
        ),
        Kind::EfsCannotBeMounted => (
            "EFS를 마운트할 수 없음",
            "마운트 대상과 그 보안 그룹(포트 2049), 태스크 역할의 EFS 권한을 확인하세요.",
        ),
        Kind::LogCannotBeWrittenTo => (
            "로그를 쓸 수 없음",
            "로그 그룹이 존재하는지, 실행 역할이 쓸 수 있는지, 서브넷에서 닿는지 확인하세요.",
        ),
        Kind::EnvironmentFileUnreadable => (
            "환경 파일을 읽을 수 없음",
            "S3에 파일이 존재하는지, 실행 역할이 읽을 수 있는지, 서브넷에서 S3에 닿는지 확인하세요.",
        ),
        Kind::TaskCannotBeSetUp => (
            "태스크를 준비할 수 없음",
            "실행 역할과 서브넷에서 AWS로 가는 경로(NAT 게이트웨이 또는 VPC 엔드포인트, DNS)를 확인하세요.",
        ),
        Kind::OutOfMemory => (
            "메모리 부족",
            "컨테이너가 가진 것보다 많은 메모리를 썼습니다. 한도를 올리거나 누수를 찾으세요.",
        ),
        Kind::ContainerCannotStart => (
            "컨테이너를 시작할 수 없음",
            "런타임이 컨테이너를 거부했습니다. 명령, 사용자, 마운트, 메모리를 확인하세요.",
        ),
        Kind::ContainerCannotBeCreated => (
            "컨테이너를 만들 수 없음",
            "런타임이 컨테이너를 거부했습니다. 이름, 마운트, 인스턴스의 디스크를 확인하세요.",
        ),
        Kind::VolumeCannotBeMounted => (
            "볼륨을 마운트할 수 없음",
            "볼륨이 존재하는지, 그리고 볼륨에 닿는 네트워크와 역할을 확인하세요.",
        ),
        Kind::ContainerStartedTooSlowly => (
            "컨테이너 시작 지연",
            "컨테이너가 제때 시작되거나 중지되지 않았습니다. 크기, 명령, 인스턴스 부하를 보세요.",
        ),
        Kind::ContainerRuntimeInTrouble => (
            "컨테이너 런타임 장애",
            "컨테이너 런타임이 실패했습니다. 인스턴스를 교체하세요. Fargate에서는 ECS가 재시도합니다.",
        ),
        Kind::ContainerExited => (
            "컨테이너 종료됨",
            "컨테이너의 프로세스가 끝났습니다. 태스크 로그를 보세요.",
        ),
        Kind::InternalErrorOfEcs => (
            "ECS 내부 오류",
            "ECS 자체의 장애로 재시도 중입니다. AWS Health Dashboard를 보세요.",
        ),
        Kind::SpotCapacityWasTakenBack => (
            "Spot 용량 회수됨",
            "Fargate Spot은 언제든 중단될 수 있습니다. 계속 떠 있어야 하는 것은 FARGATE에서도 실행하세요.",
        ),
        Kind::ItsInstanceWasTerminated => (
            "인스턴스가 종료됨",
            "컨테이너 인스턴스가 사라졌습니다. Auto Scaling 그룹이 먼저 줄어드는지 확인하세요.",
        ),
        Kind::ItsInstanceWasDeregistered => (
            "인스턴스가 등록 해제됨",
            "태스크가 실행되는 동안 누군가 컨테이너 인스턴스를 등록 해제했습니다.",
        ),
        Kind::DeploymentRolledBack => (
            "배포가 롤백됨",
            "새 버전의 태스크가 뜨지 않았습니다. 서비스의 중지된 태스크를 보세요.",
        ),
        Kind::DeploymentFailed => (
            "배포 실패",
            "태스크가 여러 번 뜨지 못했습니다. 서비스의 중지된 태스크를 보세요.",
        ),
        Kind::DeploymentCannotProceed => (
            "배포를 진행할 수 없음",
            "minimumHealthyPercent나 maximumPercent 때문에 태스크 하나도 바꿀 수 없습니다. 값을 바꾸세요.",
        ),
        Kind::CloudMapThrottlesEcs => (
            "Cloud Map이 ECS를 스로틀링함",
            "한 번에 바뀌는 것이 너무 많아 ECS가 느려집니다. 유연한 기간(flexible time window)을 늘리세요.",
        ),
        Kind::EcsIsThrottled => (
            "ECS가 스로틀링됨",
            "한 번에 바뀌는 것이 너무 많아 ECS가 느려집니다. 유연한 기간(flexible time window)을 늘리세요.",
        ),
        Kind::ProtectedFromScaleIn => (
            "축소로부터 보호됨",
            "축소 보호가 끝날 때까지 태스크가 남습니다. 태스크가 무엇을 하는지 보세요.",
        ),
        Kind::NotRegisteredInCloudMap => (
            "Cloud Map에 등록되지 않음",
            "서비스 검색 서비스와 ECS 서비스 연결 역할의 권한을 확인하세요.",
        ),
        Kind::NotRegisteredForTraffic => (
            "트래픽에 등록되지 않음",
            "ECS가 태스크를 등록하지 못했습니다. 대상 그룹과 ECS 서비스 연결 역할을 확인하세요.",
        ),
        Kind::TaskCannotBeStarted => (
            "태스크를 시작할 수 없음",
            "서비스 이벤트를 보세요. 역할, 서브넷, 보안 그룹 또는 설정이 잘못되었습니다.",
        ),
        Kind::NoSuchService => (
            "그런 서비스가 없음",
            "호출 뒤에 서비스가 삭제되었습니다. 다시 만들거나 스케줄을 지우세요.",
        ),
        Kind::TasksKeepFailingToStart => (
            "태스크가 계속 시작에 실패함",
            "ECS가 점점 느리게 재시도합니다. 서비스의 중지된 태스크에서 이유를 보세요.",
        ),
    };
    Entry {
        words,
        brief: words,
        advice,
    }
}
