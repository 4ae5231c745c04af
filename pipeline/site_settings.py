"""The sections of queke.toml that are not about mail: each key with its default and one comment."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pipeline import mail_settings

Share = Annotated[float, Field(gt=0, le=1)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", validate_default=True)


class Times(Section):
    deadline: str = Field("15:00", description="每日报告截止时刻 · reports that arrive before it are on time")
    first_edition: str = Field("15:10", description="简报首版 · first edition of the digests")
    final_edition: str = Field("17:30", description="简报日终版 · final edition of the digests")
    templates_at: str = Field("06:00", description="每日模板几点起生成 · the day's templates are made from then on")
    desk_at: str = Field("07:30", description="县级处理单几点起发 · counties get their desk's workbook from then on")
    rules_at: str = Field("08:00", description="周一几点出预警规则评分周报 · Mondays: the weekly paper on the rules")
    reconcile_at: str = Field("15:00", description="停课与缺课几点对账 · closures and absences compared")
    answer_hours: int = Field(24, gt=0, description="预警须在几小时内回复 · hours in which an alert is answered")

    @field_validator(
        "deadline", "first_edition", "final_edition", "templates_at", "desk_at", "rules_at", "reconcile_at"
    )
    @classmethod
    def _is_a_time(cls, value: str) -> str:
        if not mail_settings.TIME.fullmatch(value):
            raise ValueError("write it as HH:MM, such as 15:00")
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Times:
        if not self.deadline <= self.first_edition <= self.final_edition:
            raise ValueError("deadline, first_edition and final_edition must follow each other in this order")
        return self


class Checks(Section):
    slipped_share: Share = Field(0.5, description="错行超过此比例，整份退回 · above it the whole file goes back")
    slipped_rows: int = Field(10, gt=0, description="……至少几行的表才适用 · but only in a table of so many rows")
    withdraw_share: Share = Field(0.5, description="整份更正撤下的行超过此比例则待核 · above it a correction is held")
    sweep_share: Share = Field(
        0.2, description="名册停办、停用、改动的学校或班级超过此比例则待核 · a roster's sweep is held"
    )
    sweep_least: int = Field(3, ge=1, description="……至少几所（个）才适用 · but only of so many schools or classes")
    sweep_days: int = Field(
        10, ge=0, description="校历减少的上课日多于此数则待核 · a calendar taking more days is held"
    )
    small_count: int = Field(3, ge=1, description="县级以上，小于此数只写“<3” · smaller counts are masked above county")
    statistics: bool = Field(True, description="简报列统计提示（非预警） · digests name unusual series, as an advice")


class Intake(Section):
    workers: int = Field(0, ge=0, le=64, description="读取进程数，0 为每核一个 · reader processes, 0: one a core")
    batch: int = Field(500, gt=0, le=5000, description="一批最多几份 · submissions settled together at most")
    scan_seconds: float = Field(30, gt=0, description="多久全盘查看收件箱 · a full scan of the inbox at least so often")
    stable_seconds: float = Field(
        1,
        ge=0,
        description="文件多久不变才收（完整且没人开着：0.3 秒）"
        " · a file is taken when unchanged so long (whole, not open: 0.3 s)",
    )
    unproved_reports: Literal["hold", "take"] = Field(
        "hold", description="无凭据的缺课日报：hold 待核，take 照收 · reports that nothing proves: held, or taken"
    )
    folders: Literal["own", "any"] = Field(
        "own",
        description="哪些子文件夹算凭据：own 本服务的且他人不可写，any 都算 · which sub-folders prove a sender",
    )
    folder_group: str = Field("", description="单位子文件夹的用户组，如 s{unit} · the group of a unit's sub-folder")
    free_mb: int = Field(500, ge=0, description="磁盘剩余低于此数时 doctor 报警 · doctor warns below so much free disk")


class Keeping(Section):
    detail_years: int = Field(
        3, ge=3, le=30, description="明细（及原表）留几个整学年，此前只留合计 · whole school years kept in detail"
    )
    page_years: int = Field(1, ge=1, le=30, description="学校页的底稿留几个整学年 · likewise, of schools' pages")
    outbox_days: int = Field(400, ge=92, description="发件箱的文件留多少天 · files of the outbox are kept so long")
    pack_days: int = Field(62, ge=31, description="过去多少天的月份打包 · months that were over so long ago are packed")


class ClusterSection(Section):
    scheduler: str = Field(
        "",
        description="其他机器分担读取与排版时的调度地址，如 tls://10.0.0.5:8786 · "
        "a Dask scheduler whose workers read and draw",
    )
    ca: str = Field("", description="……双方证书的签发者（PEM，相对本目录） · who signed both sides' certificates")
    certificate: str = Field("", description="……本服务的证书 · ours")
    key: str = Field("", description="……其私钥 · its key")

    @model_validator(mode="after")
    def _is_safe(self) -> ClusterSection:
        place = urlsplit(self.scheduler)
        if not self.scheduler:
            return self
        if place.scheme not in {"tls", "tcp"} or not place.hostname or not place.port:
            raise ValueError("write scheduler as tls://host:port")
        if place.scheme == "tls" and not (self.ca and self.certificate and self.key):
            raise ValueError("tls:// needs ca, certificate and key")
        if place.scheme == "tcp" and place.hostname not in {"127.0.0.1", "localhost", "::1"}:
            raise ValueError("workbooks leave this machine over tls:// only")
        return self
